// Reading the small text files of /proc.
#pragma once

#include <optional>
#include <string>

#include "base/pid.hpp"

namespace stent::process {

/// "/proc/PID" + `below`, e.g. "/maps".
[[nodiscard]] std::string proc_path(Pid pid, const std::string& below);

/// Whole contents; empty when the process or thread does not exist (any more). Throws `not_permitted`,
/// `internal`.
[[nodiscard]] std::optional<std::string> read_proc_file(const std::string& path);

}  // namespace stent::process
