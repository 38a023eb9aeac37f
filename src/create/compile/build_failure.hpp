// The error of a compiler that failed: what it was doing, what it said, how to repeat it.
#pragma once

#include <string>

#include "base/error.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// `doing` is e.g. "compiling the changed"; the message holds the last lines of the compiler's own.
[[nodiscard]] Error build_failure(const std::string& doing, const RecordedUnit& unit,
                                  const ChildCommand& command, int status);

}  // namespace stent::compile
