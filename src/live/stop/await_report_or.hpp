// Sleeping until a tracee reports or a descriptor becomes readable.
#pragma once

#include <chrono>

namespace stent::stop {

/// True when `descriptor` is readable; false when a tracee reported or `at_most` has passed. Needs SIGCHLD
/// blocked (`ChildReports`).
[[nodiscard]] bool await_report_or(int descriptor, std::chrono::nanoseconds at_most);

}  // namespace stent::stop
