#include "live/resolve/dynamic_symbols.hpp"

#include <algorithm>

#include "live/resolve/dynamic_section.hpp"

namespace stent::resolve {
namespace {

constexpr std::uint16_t hidden_version = 0x8000;
constexpr std::uint32_t chain_limit = 1U << 20U;

constexpr std::uint32_t gnu_hash_of(const std::string& name) {
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

constexpr std::uint32_t hash_of(const std::string& name) {  // gABI, "Hash Table"
  std::uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4U) + static_cast<unsigned char>(c);
    const std::uint32_t high = hash & 0xf0000000U;
    hash = (hash ^ (high >> 24U)) & ~high;
  }
  return hash;
}

}  // namespace

std::optional<DynamicSymbols> DynamicSymbols::of(const process::RemoteMemory& memory,
                                                 const process::Module& module) {
  const DynamicSection section(memory, module);
  const auto address = [&](std::int64_t tag) -> RemoteAddress {
    // glibc stores the relocated address into the section, other loaders leave the link-time one.
    const RemoteAddress stored{section.value(tag)};
    if (stored.value == 0 || module.extent().contains(stored)) return stored;
    return module.bias.to_remote(LinkAddress{stored.value});
  };
  DynamicSymbols found(memory, module);
  found.symbols_ = address(DT_SYMTAB);
  found.strings_ = address(DT_STRTAB);
  found.gnu_hash_ = address(DT_GNU_HASH);
  found.hash_ = address(DT_HASH);
  found.versions_ = address(DT_VERSYM);
  found.definitions_ = address(DT_VERDEF);
  found.definition_count_ = section.value(DT_VERDEFNUM);
  found.needs_ = address(DT_VERNEED);
  found.need_count_ = section.value(DT_VERNEEDNUM);
  found.relocations_ = address(DT_RELA);
  found.relocations_size_ = section.value(DT_RELASZ);
  found.plt_relocations_ = address(DT_JMPREL);
  found.plt_relocations_size_ = section.value(DT_PLTRELSZ);
  found.call_slots_ = address(DT_PLTGOT);
  const bool has_hash = found.gnu_hash_.value != 0 || found.hash_.value != 0;
  if (found.symbols_.value == 0 || found.strings_.value == 0 || !has_hash) return std::nullopt;
  return found;
}

std::optional<DynamicDefinition> DynamicSymbols::find(const std::string& name,
                                                      const std::string& version) const {
  const auto index = gnu_hash_.value != 0 ? index_by_gnu_hash(name, version) : index_by_hash(name, version);
  if (!index) return std::nullopt;
  const Elf64_Sym found = symbol(*index);
  if (found.st_shndx == SHN_ABS) return DynamicDefinition{found, {found.st_value}};
  return DynamicDefinition{found, module_.bias.to_remote(LinkAddress{found.st_value})};
}

std::optional<std::uint32_t> DynamicSymbols::index_by_gnu_hash(const std::string& name,
                                                               const std::string& version) const {
  struct Header {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  };
  const auto header = memory_->read_value<Header>(gnu_hash_);
  if (header.buckets == 0) return std::nullopt;
  const std::uint32_t hash = gnu_hash_of(name);
  const RemoteAddress filter = gnu_hash_ + static_cast<std::int64_t>(sizeof(Header));
  if (header.bloom_words != 0 && header.bloom_shift < 32) {  // both bits are set for every name in the table
    const auto word = memory_->read_value<std::uint64_t>(filter + 8LL * (hash / 64 % header.bloom_words));
    const std::uint32_t other = hash >> header.bloom_shift;
    if (((word >> (hash % 64)) & (word >> (other % 64)) & 1U) == 0) return std::nullopt;
  }
  const RemoteAddress buckets = filter + 8LL * header.bloom_words;
  const RemoteAddress chains = buckets + 4LL * header.buckets;
  auto index = memory_->read_value<std::uint32_t>(buckets + 4LL * (hash % header.buckets));
  if (index < header.first_symbol) return std::nullopt;
  for (std::uint32_t steps = 0; steps < chain_limit; ++steps, ++index) {
    const auto link = memory_->read_value<std::uint32_t>(chains + 4LL * (index - header.first_symbol));
    if ((link | 1U) == (hash | 1U) && matches(index, name, version)) return index;
    if ((link & 1U) != 0) break;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> DynamicSymbols::index_by_hash(const std::string& name,
                                                           const std::string& version) const {
  struct Header {
    std::uint32_t buckets, chains;
  };
  const auto header = memory_->read_value<Header>(hash_);
  if (header.buckets == 0) return std::nullopt;
  const RemoteAddress buckets = hash_ + static_cast<std::int64_t>(sizeof(Header));
  const RemoteAddress chains = buckets + 4LL * header.buckets;
  auto index = memory_->read_value<std::uint32_t>(buckets + 4LL * (hash_of(name) % header.buckets));
  for (std::uint32_t steps = 0; index != 0 && index < header.chains && steps < header.chains; ++steps) {
    if (matches(index, name, version)) return index;
    index = memory_->read_value<std::uint32_t>(chains + 4LL * index);
  }
  return std::nullopt;
}

Elf64_Sym DynamicSymbols::symbol(std::uint32_t index) const {
  return memory_->read_value<Elf64_Sym>(symbols_ + static_cast<std::int64_t>(index * sizeof(Elf64_Sym)));
}

std::string DynamicSymbols::name_of(std::uint32_t index) const {
  return text(strings_ + symbol(index).st_name);
}

bool DynamicSymbols::matches(std::uint32_t index, const std::string& name, const std::string& version) const {
  const Elf64_Sym found = symbol(index);
  if (ELF64_ST_BIND(found.st_info) == STB_LOCAL) return false;
  const auto type = ELF64_ST_TYPE(found.st_info);
  if (found.st_shndx == SHN_UNDEF && type == STT_TLS) return false;
  if (found.st_value == 0 && found.st_shndx != SHN_ABS && type != STT_TLS) return false;
  return text(strings_ + found.st_name) == name && version_matches(index, version);
}

bool DynamicSymbols::version_matches(std::uint32_t index, const std::string& version) const {
  if (versions_.value == 0) return true;
  const auto number = memory_->read_value<std::uint16_t>(versions_ + 2LL * index);
  const bool is_hidden = (number & hidden_version) != 0;
  if (version.empty()) return !is_hidden;
  const std::string name = version_name(number & static_cast<std::uint16_t>(~hidden_version));
  return name == version || (name.empty() && !is_hidden);  // what has no version satisfies any
}

/// Empty for the base version, which names the module and no version.
std::string DynamicSymbols::version_name(std::uint16_t number) const {
  RemoteAddress at = definitions_;
  for (std::uint64_t i = 0; i < definition_count_; ++i) {
    const auto definition = memory_->read_value<Elf64_Verdef>(at);
    if ((definition.vd_ndx & ~hidden_version) == number && (definition.vd_flags & VER_FLG_BASE) == 0) {
      const auto name = memory_->read_value<Elf64_Verdaux>(at + definition.vd_aux);
      return text(strings_ + name.vda_name);
    }
    if (definition.vd_next == 0) break;
    at = at + definition.vd_next;
  }
  return {};
}

/// The version that the undefined symbol `index` asks for; empty: none.
std::string DynamicSymbols::needed_version(std::uint32_t index) const {
  if (versions_.value == 0 || needs_.value == 0) return {};
  const auto number = memory_->read_value<std::uint16_t>(versions_ + 2LL * index) & ~hidden_version;
  RemoteAddress at = needs_;
  for (std::uint64_t i = 0; i < need_count_; ++i) {
    const auto need = memory_->read_value<Elf64_Verneed>(at);
    RemoteAddress entry_at = at + need.vn_aux;
    for (std::uint16_t k = 0; k < need.vn_cnt; ++k) {
      const auto entry = memory_->read_value<Elf64_Vernaux>(entry_at);
      if ((entry.vna_other & ~hidden_version) == number) return text(strings_ + entry.vna_name);
      entry_at = entry_at + entry.vna_next;
    }
    at = at + need.vn_next;
  }
  return {};
}

std::string DynamicSymbols::text(RemoteAddress at) const {
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

void DynamicSymbols::add_slots(RemoteAddress table, std::uint64_t size,
                               std::vector<FilledSlot>& slots) const {
  if (table.value == 0 || size == 0) return;
  const Bytes bytes = memory_->read(table, size);
  for (std::uint64_t at = 0; at + sizeof(Elf64_Rela) <= bytes.size(); at += sizeof(Elf64_Rela)) {
    const auto relocation = load<Elf64_Rela>(bytes, at);
    const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info));
    if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT && type != R_X86_64_IRELATIVE) continue;
    FilledSlot slot{type, {}, {}, relocation.r_addend, 0};
    if (type != R_X86_64_IRELATIVE) {
      const auto index = static_cast<std::uint32_t>(ELF64_R_SYM(relocation.r_info));
      slot.symbol = text(strings_ + symbol(index).st_name);
      slot.version = needed_version(index);
    }
    slot.value = memory_->read_value<std::uint64_t>(module_.bias.to_remote(LinkAddress{relocation.r_offset}));
    slots.push_back(std::move(slot));
  }
}

std::string DynamicSymbols::symbol_of_slot(RemoteAddress at) const {
  const std::uint64_t wanted = module_.bias.to_link(at).value;
  for (const auto& [table, size] :
       {std::pair(relocations_, relocations_size_), std::pair(plt_relocations_, plt_relocations_size_)}) {
    if (table.value == 0 || size == 0) continue;
    const Bytes bytes = memory_->read(table, size);
    for (std::uint64_t i = 0; i + sizeof(Elf64_Rela) <= bytes.size(); i += sizeof(Elf64_Rela)) {
      const auto relocation = load<Elf64_Rela>(bytes, i);
      const auto type = ELF64_R_TYPE(relocation.r_info);
      if (relocation.r_offset != wanted || (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT))
        continue;
      return text(strings_ + symbol(static_cast<std::uint32_t>(ELF64_R_SYM(relocation.r_info))).st_name);
    }
  }
  return {};
}

RemoteRange DynamicSymbols::call_slots() const {
  constexpr std::uint64_t reserved = 3, word = 8;
  if (call_slots_.value == 0) return {};
  return {call_slots_, (reserved + plt_relocations_size_ / sizeof(Elf64_Rela)) * word};
}

std::vector<FilledSlot> DynamicSymbols::filled_slots() const {
  std::vector<FilledSlot> slots;
  add_slots(relocations_, relocations_size_, slots);
  add_slots(plt_relocations_, plt_relocations_size_, slots);
  return slots;
}

}  // namespace stent::resolve
