// The entries of a module's dynamic section, read from the target.
#pragma once

#include <map>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

/// Entries of a module's PT_DYNAMIC, the first of each tag; empty when it has none.
[[nodiscard]] std::map<std::int64_t, std::uint64_t> read_dynamic(const process::RemoteMemory& memory,
                                                                 const process::Module& module);

}  // namespace stent::resolve
