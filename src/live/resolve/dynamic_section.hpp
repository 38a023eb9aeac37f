// The dynamic section of a module as it is in memory.
#pragma once

#include <elf.h>

#include <cstdint>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

class DynamicSection {
 public:
  /// Empty when `module` has none. Throws `mismatch` when it cannot be read.
  DynamicSection(const process::RemoteMemory& memory, const process::Module& module);

  /// The value of the first entry with `tag`; 0 when there is none.
  [[nodiscard]] std::uint64_t value(std::int64_t tag) const;

 private:
  std::vector<Elf64_Dyn> entries_;
};

}  // namespace stent::resolve
