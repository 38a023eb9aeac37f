// LoadedWords: what a word of a module's data was when the module was loaded.
#pragma once

#include <map>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/process.hpp"

namespace stent::resolve {

/// Asks the module's relocations, which stand in memory, and where there is none for the word its file. What
/// was found once is remembered, so that a question asked before a stop costs nothing inside it.
class LoadedWords {
 public:
  explicit LoadedWords(const process::Process& target) : target_(&target) {}

  /// True when the linker laid out the word at `slot`, and `value` is what the file and the dynamic loader
  /// put there. False also where that cannot be told. Never throws.
  [[nodiscard]] bool holds(RemoteAddress slot, std::uint64_t value);

 private:
  /// All that the loader may have put there.
  [[nodiscard]] std::vector<std::uint64_t> candidates(RemoteAddress slot) const;
  [[nodiscard]] std::vector<std::uint64_t> by_symbol(const process::Module& module, std::uint32_t index,
                                                     std::int64_t addend,
                                                     const std::vector<process::Module>& modules) const;
  [[nodiscard]] std::vector<std::uint64_t> in_file(RemoteAddress slot) const;

  const process::Process* target_;
  std::map<RemoteAddress, std::vector<std::uint64_t>> known_;
};

}  // namespace stent::resolve
