// What one module of the target exports under a name.
#pragma once

#include <optional>
#include <string>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::resolve {

/// The function or variable `module` itself defines under `name` (its default version). Empty when there is
/// none, when it is an indirect function (IFUNC) or thread-local, or when the tables cannot be read.
[[nodiscard]] std::optional<RemoteAddress> exported_symbol(const process::RemoteMemory& memory,
                                                           const process::Module& module,
                                                           const std::string& name);

}  // namespace stent::resolve
