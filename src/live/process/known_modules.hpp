// KnownModules: the modules of one process, described anew only when what is mapped of images has changed.
#pragma once

#include <vector>

#include "live/process/module.hpp"
#include "live/process/module_memory.hpp"

namespace stent::process {

class KnownModules {
 public:
  /// `program_headers` as for `find_modules`.
  KnownModules(const RemoteMemory& memory, RemoteAddress program_headers)
      : memory_(memory), program_headers_(program_headers) {}

  /// Those among `mappings`.
  [[nodiscard]] const std::vector<Module>& among(const std::vector<Mapping>& mappings);
  /// What stands in them; forgotten when one goes.
  [[nodiscard]] const RemoteMemory& memory() const { return memory_; }

 private:
  ModuleMemory memory_;
  RemoteAddress program_headers_;
  std::vector<Mapping> looked_at_;  ///< the mappings that `modules_` were found among
  std::vector<Module> modules_;
};

}  // namespace stent::process
