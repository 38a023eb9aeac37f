#include "live/resolve/dynamic_lookup.hpp"

#include <elf.h>
#include <fmt/core.h>
#include <link.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "live/resolve/link_map.hpp"

namespace stent::resolve {
namespace {

constexpr std::uint32_t hash_of(const std::string& name) {  // gABI extension DT_GNU_HASH
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

constexpr std::uint16_t hidden_version = 0x8000;
constexpr std::uint32_t chain_limit = 1U << 20U;

}  // namespace

struct DynamicLookup::Tables {
  LoadBias bias;
  RemoteAddress symbols, strings, hash, versions, definitions;
  std::uint64_t definition_count = 0;
};

DynamicLookup::DynamicLookup(const process::RemoteMemory& memory, const std::vector<process::Module>& modules)
    : memory_(&memory), order_(search_order(memory, modules)) {}

std::optional<RemoteAddress> DynamicLookup::find(const std::string& name, const std::string& version) const {
  for (const process::Module& module : order_) {
    const auto tables = read_tables(module);
    if (!tables) continue;
    if (const auto found = find_in(*tables, name, version)) return found;
  }
  return std::nullopt;
}

std::optional<DynamicLookup::Tables> DynamicLookup::read_tables(const process::Module& module) const {
  const auto entries = read_dynamic(*memory_, module);
  const auto address = [&](std::int64_t tag) -> RemoteAddress {
    const auto found = entries.find(tag);
    if (found == entries.end()) return {};
    // glibc stores the relocated address into the section, other loaders leave the link-time one.
    const RemoteAddress stored{found->second};
    return module.extent().contains(stored) ? stored : module.bias.to_remote(LinkAddress{found->second});
  };
  Tables tables{module.bias,
                address(DT_SYMTAB),
                address(DT_STRTAB),
                address(DT_GNU_HASH),
                address(DT_VERSYM),
                address(DT_VERDEF),
                0};
  if (const auto found = entries.find(DT_VERDEFNUM); found != entries.end())
    tables.definition_count = found->second;
  if (tables.symbols.value == 0 || tables.strings.value == 0 || tables.hash.value == 0) return std::nullopt;
  return tables;
}

std::optional<RemoteAddress> DynamicLookup::find_in(const Tables& tables, const std::string& name,
                                                    const std::string& version) const {
  struct Header {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  };
  const auto header = memory_->read_value<Header>(tables.hash);
  if (header.buckets == 0) return std::nullopt;
  const std::uint32_t hash = hash_of(name);
  const RemoteAddress buckets =
      tables.hash + static_cast<std::int64_t>(sizeof(Header)) + 8LL * header.bloom_words;
  const RemoteAddress chains = buckets + 4LL * header.buckets;
  auto index = memory_->read_value<std::uint32_t>(buckets + 4LL * (hash % header.buckets));
  if (index < header.first_symbol) return std::nullopt;
  for (std::uint32_t steps = 0; steps < chain_limit; ++steps, ++index) {
    const auto link = memory_->read_value<std::uint32_t>(chains + 4LL * (index - header.first_symbol));
    if ((link | 1U) == (hash | 1U) && matches(tables, index, name, version)) {
      const auto symbol = memory_->read_value<Elf64_Sym>(
          tables.symbols + static_cast<std::int64_t>(index * sizeof(Elf64_Sym)));
      const unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if (type == STT_GNU_IFUNC || type == STT_TLS)
        throw Error(
            ErrorCode::refused,
            fmt::format("{} is {} symbol, which a patch cannot bind by name", name,
                        type == STT_TLS ? "a thread-local" : "an indirect (IFUNC)"),
            "use a function in the patch that the target already calls, or write the code without it");
      if (symbol.st_shndx == SHN_ABS) return RemoteAddress{symbol.st_value};
      return tables.bias.to_remote(LinkAddress{symbol.st_value});
    }
    if ((link & 1U) != 0) break;
  }
  return std::nullopt;
}

bool DynamicLookup::matches(const Tables& tables, std::uint32_t index, const std::string& name,
                            const std::string& version) const {
  const auto symbol =
      memory_->read_value<Elf64_Sym>(tables.symbols + static_cast<std::int64_t>(index * sizeof(Elf64_Sym)));
  if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) return false;
  return read_string(tables.strings + symbol.st_name) == name && version_matches(tables, index, version);
}

bool DynamicLookup::version_matches(const Tables& tables, std::uint32_t index,
                                    const std::string& version) const {
  if (tables.versions.value == 0) return true;
  const auto number = memory_->read_value<std::uint16_t>(tables.versions + 2LL * index);
  if (version.empty()) return (number & hidden_version) == 0;
  if (tables.definitions.value == 0) return true;  // a module without versions satisfies any (glibc's rule)
  return version_name(tables, number & static_cast<std::uint16_t>(~hidden_version)) == version;
}

std::string DynamicLookup::version_name(const Tables& tables, std::uint16_t number) const {
  RemoteAddress at = tables.definitions;
  for (std::uint64_t i = 0; i < tables.definition_count; ++i) {
    const auto definition = memory_->read_value<Elf64_Verdef>(at);
    if ((definition.vd_ndx & ~hidden_version) == number) {
      const auto name = memory_->read_value<Elf64_Verdaux>(at + definition.vd_aux);
      return read_string(tables.strings + name.vda_name);
    }
    if (definition.vd_next == 0) break;
    at = at + definition.vd_next;
  }
  return {};
}

std::string DynamicLookup::read_string(RemoteAddress at) const {
  constexpr std::size_t piece = 64, limit = 1U << 16U;
  std::string text;
  while (text.size() < limit) {
    const std::size_t count = piece - at.value % piece;  // never across a page
    const Bytes bytes = memory_->read(at, count);
    const auto end = std::ranges::find(bytes, std::byte{0});
    for (auto it = bytes.begin(); it != end; ++it) text.push_back(static_cast<char>(*it));
    if (end != bytes.end()) break;
    at = at + static_cast<std::int64_t>(count);
  }
  return text;
}

}  // namespace stent::resolve
