// Compilers that fail: what they were doing, what they said, how to repeat it.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// `doing` is e.g. "compiling the changed"; the message holds the last lines of the compiler's own.
[[nodiscard]] Error build_failure(const std::string& doing, const RecordedUnit& unit,
                                  const ChildCommand& command, int status);

/// Runs `commands`, the old and then the changed one of each of `units`, `jobs` at once. Throws the
/// `build_failure` of the first that fails.
void run_old_and_new(const std::vector<ChildCommand>& commands, const std::vector<RecordedUnit>& units,
                     unsigned jobs);

}  // namespace stent::compile
