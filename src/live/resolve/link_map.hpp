// The dynamic loader's own order of modules, read from the target.
#pragma once

#include <map>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

/// Entries of a module's PT_DYNAMIC, the first of each tag; empty when it has none.
[[nodiscard]] std::map<std::int64_t, std::uint64_t> read_dynamic(const process::RemoteMemory& memory,
                                                                 const process::Module& module);

/// `modules` in the order of the link map (global scope); those not in it are left out. Without a link map:
/// the executable first, then the others as mapped.
[[nodiscard]] std::vector<process::Module> search_order(const process::RemoteMemory& memory,
                                                        const std::vector<process::Module>& modules);

}  // namespace stent::resolve
