// Reasons for which no system call may be made in a target's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stent::inject {

/// Looks through the text of /proc/PID/task/TID/status; empty when nothing is in the way, else what is (for a
/// message, as in "a system call filter (seccomp)").
[[nodiscard]] std::optional<std::string> find_obstacle(std::string_view status);

}  // namespace stent::inject
