// The code of the target's C runtime that a thread must not be amid when stent borrows it for a call.
#pragma once

#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"
#include "live/unwind/forbidden_code.hpp"

namespace stent::call {

struct RuntimeCode {
  std::vector<unwind::CodePiece> pieces;  ///< allocator, dynamic loader, unwinder
  /// False when the program holds an allocator whose code cannot be told from its own (linked statically).
  bool is_complete = false;
};

/// Finds it by what the modules export. Errs towards too much.
[[nodiscard]] RuntimeCode find_runtime_code(const process::RemoteMemory& memory,
                                            const std::vector<process::Module>& modules);

}  // namespace stent::call
