#include "live/resolve/loaded_words.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "live/resolve/dynamic_section.hpp"
#include "live/resolve/dynamic_symbols.hpp"

namespace stent::resolve {
namespace {

constexpr std::uint64_t word_size = sizeof(std::uint64_t);

/// True for a word that the file fills: not in .bss, and nothing but data.
bool is_in_data(const process::Segment& segment, RemoteAddress slot) {
  return segment.permissions.write && slot >= segment.range.begin && segment.file_size >= word_size &&
         static_cast<std::uint64_t>(slot - segment.range.begin) <= segment.file_size - word_size;
}

class Relocations {
 public:
  Relocations(const process::RemoteMemory& memory, const process::Module& module)
      : memory_(&memory), module_(&module), section_(memory, module) {}

  [[nodiscard]] std::optional<Elf64_Rela> at(RemoteAddress slot) const {
    const auto link = module_->bias.to_link(slot).value;
    const Bytes table = memory_->read(address(DT_RELA), value(DT_RELASZ));
    for (std::size_t i = 0; i + sizeof(Elf64_Rela) <= table.size(); i += sizeof(Elf64_Rela))
      if (const auto entry = load<Elf64_Rela>(table, i); entry.r_offset == link) return entry;
    return std::nullopt;
  }
  /// DT_RELR: words that hold a link address in the file.
  [[nodiscard]] bool has_packed() const { return value(DT_RELR) != 0; }
  [[nodiscard]] std::uint64_t value(std::int64_t tag) const { return section_.value(tag); }

 private:
  /// glibc stores the relocated address into the section, other loaders leave the link-time one.
  [[nodiscard]] RemoteAddress address(std::int64_t tag) const {
    const RemoteAddress stored{value(tag)};
    return module_->extent().contains(stored) ? stored : module_->bias.to_remote(LinkAddress{stored.value});
  }

  const process::RemoteMemory* memory_;
  const process::Module* module_;
  DynamicSection section_;
};

/// The file behind `mapping`, also where its name means another by now.
UniqueFd open_mapped(Pid pid, const process::Mapping& mapping) {
  const std::string own = fmt::format("/proc/{}/map_files/{:x}-{:x}", pid.value, mapping.range.begin.value,
                                      mapping.range.end().value);
  UniqueFd file(::open(own.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.valid()) return file;
  const std::string named = fmt::format("/proc/{}/root{}", pid.value, mapping.name);
  file = UniqueFd(::open(named.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found {};
  if (!file.valid() || ::fstat(file.get(), &found) != 0 || found.st_ino != mapping.inode ||
      (std::uint64_t{major(found.st_dev)} << 32U | minor(found.st_dev)) != mapping.device)
    return UniqueFd();
  return file;
}

}  // namespace

bool LoadedWords::holds(RemoteAddress slot, std::uint64_t value) {
  auto found = known_.find(slot);
  if (found == known_.end()) try {
      found = known_.emplace(slot, candidates(slot)).first;
    } catch (const Error&) {  // not readable: not known
      return false;
    }
  return std::ranges::find(found->second, value) != found->second.end();
}

std::vector<std::uint64_t> LoadedWords::candidates(RemoteAddress slot) const {
  const auto modules = target_->modules();
  for (const process::Module& module : modules) {
    const auto holds = [&](const process::Segment& segment) { return is_in_data(segment, slot); };
    if (std::ranges::none_of(module.segments, holds)) continue;
    const Relocations relocations(target_->memory(), module);
    const auto relocation = relocations.at(slot);
    if (!relocation) {
      auto words = in_file(slot);
      if (relocations.has_packed())
        for (std::uint64_t& word : words) word = module.bias.to_remote(LinkAddress{word}).value;
      return words;
    }
    switch (ELF64_R_TYPE(relocation->r_info)) {
      case R_X86_64_RELATIVE:
        return {module.bias.to_remote(LinkAddress{static_cast<std::uint64_t>(relocation->r_addend)}).value};
      case R_X86_64_64:
        return by_symbol(module, static_cast<std::uint32_t>(ELF64_R_SYM(relocation->r_info)),
                         relocation->r_addend, modules);
      default: return {};
    }
  }
  return {};
}

/// Whichever module the loader took the symbol from.
std::vector<std::uint64_t> LoadedWords::by_symbol(const process::Module& module, std::uint32_t index,
                                                  std::int64_t addend,
                                                  const std::vector<process::Module>& modules) const {
  const auto own = DynamicSymbols::of(target_->memory(), module);
  if (!own) return {};
  const std::string name = own->name_of(index);
  std::vector<std::uint64_t> values;
  for (const process::Module& other : modules)
    if (const auto symbols = DynamicSymbols::of(target_->memory(), other))
      if (const auto definition = symbols->find(name, ""))
        values.push_back((definition->address + addend).value);
  return values;
}

std::vector<std::uint64_t> LoadedWords::in_file(RemoteAddress slot) const {
  const auto mappings = target_->mappings();
  const process::Mapping* mapping = process::find_mapping(mappings, slot);
  if (mapping == nullptr || mapping->inode == 0) return {};
  const UniqueFd file = open_mapped(target_->pid(), *mapping);
  if (!file.valid()) return {};
  std::uint64_t word = 0;
  const std::int64_t offset =
      static_cast<std::int64_t>(mapping->offset.value) + (slot - mapping->range.begin);
  if (::pread(file.get(), &word, sizeof word, offset) != sizeof word) return {};
  return {word};
}

}  // namespace stent::resolve
