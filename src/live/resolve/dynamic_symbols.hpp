// DynamicSymbols: the dynamic symbol table of one module in memory, looked up as a dynamic loader does.
#pragma once

#include <elf.h>

#include <optional>
#include <string>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

/// A symbol a module defines (or, for functions of an executable that is not position-independent, whose
/// address it decides).
struct DynamicDefinition {
  Elf64_Sym symbol{};
  RemoteAddress address;
};

/// A slot that the loader fills: `value` as it stands in memory now.
struct FilledSlot {
  std::uint32_t type = 0;  ///< R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT or R_X86_64_IRELATIVE
  std::string symbol;      ///< empty for IRELATIVE
  std::string version;     ///< that the module asked for
  std::int64_t addend = 0;
  std::uint64_t value = 0;
};

class DynamicSymbols {
 public:
  /// Empty when the module has no dynamic symbols or no hash table (GNU or System V).
  [[nodiscard]] static std::optional<DynamicSymbols> of(const process::RemoteMemory& memory,
                                                        const process::Module& module);

  /// The definition of `name`; `version` empty: the default one. gABI "Hash Table", DT_GNU_HASH, and the
  /// version rules of glibc's do_lookup_x.
  [[nodiscard]] std::optional<DynamicDefinition> find(const std::string& name,
                                                      const std::string& version) const;
  /// Slots of functions and data that the loader has relocated.
  [[nodiscard]] std::vector<FilledSlot> filled_slots() const;
  /// The symbol whose address the loader writes, or will write, to the slot at `at`; empty when that is none.
  [[nodiscard]] std::string symbol_of_slot(RemoteAddress at) const;
  /// Of the symbol with this number in the module's own table.
  [[nodiscard]] std::string name_of(std::uint32_t index) const;
  /// The table of slots that the linker laid out for calls into other modules (DT_PLTGOT, with its three
  /// reserved words).
  [[nodiscard]] RemoteRange call_slots() const;
  [[nodiscard]] const process::Module& module() const { return module_; }

 private:
  DynamicSymbols(const process::RemoteMemory& memory, const process::Module& module)
      : memory_(&memory), module_(module) {}

  [[nodiscard]] std::optional<std::uint32_t> index_by_gnu_hash(const std::string& name,
                                                               const std::string& version) const;
  [[nodiscard]] std::optional<std::uint32_t> index_by_hash(const std::string& name,
                                                           const std::string& version) const;
  [[nodiscard]] Elf64_Sym symbol(std::uint32_t index) const;
  [[nodiscard]] bool matches(std::uint32_t index, const std::string& name, const std::string& version) const;
  [[nodiscard]] bool version_matches(std::uint32_t index, const std::string& version) const;
  [[nodiscard]] std::string version_name(std::uint16_t number) const;
  [[nodiscard]] std::string needed_version(std::uint32_t index) const;
  [[nodiscard]] std::string text(RemoteAddress at) const;
  void add_slots(RemoteAddress table, std::uint64_t size, std::vector<FilledSlot>& slots) const;

  const process::RemoteMemory* memory_;
  process::Module module_;
  RemoteAddress symbols_, strings_, gnu_hash_, hash_, versions_, definitions_, needs_, relocations_,
      plt_relocations_, call_slots_;
  std::uint64_t definition_count_ = 0, need_count_ = 0, relocations_size_ = 0, plt_relocations_size_ = 0;
};

}  // namespace stent::resolve
