// What may be done in a stopped thread of the target: its system call filters, and what forbids any call.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/pid.hpp"
#include "live/inject/seccomp_filter.hpp"

namespace stent::inject {

/// A reason in the text of /proc/TID/status for which no thread may be led elsewhere ("a user shadow stack");
/// empty when there is none.
[[nodiscard]] std::optional<std::string> find_obstacle(std::string_view status);

/// The filters of `tid`, which must be stopped under stent's trace. Throws `unsupported` naming what forbids
/// system calls (strict seccomp, system call user dispatch, a shadow stack), `not_permitted` when the filters
/// cannot be read.
[[nodiscard]] SeccompFilter read_limits(Tid tid);

/// The name of a system call that stent makes, for messages.
[[nodiscard]] std::string call_name(long number);

}  // namespace stent::inject
