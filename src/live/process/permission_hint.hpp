// What to do when the kernel does not let stent look at or attach to a process.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stent::process {

/// A hint for messages; `yama_scope` is what kernel.yama.ptrace_scope holds, empty where the kernel has no
/// yama.
[[nodiscard]] std::string permission_hint(std::optional<std::string_view> yama_scope);

/// The same for this machine.
[[nodiscard]] std::string permission_hint();

}  // namespace stent::process
