// Processes outside a thread group that run in its memory (vfork, clone with CLONE_VM).
#pragma once

#include <optional>
#include <span>

#include "base/pid.hpp"

namespace stent::process {

/// True when both run in one address space (kcmp(2)). False as well when the kernel does not let stent
/// compare them.
[[nodiscard]] bool shares_memory(Tid one, Tid other);

/// The first process other than `target` and those `known` that shares the memory of `alive`, a living thread
/// of `target`.
[[nodiscard]] std::optional<Pid> find_memory_sharer(Pid target, Tid alive, std::span<const Pid> known = {});

}  // namespace stent::process
