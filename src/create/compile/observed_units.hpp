// From the compilers a build ran to the units they compiled.
#pragma once

#include <vector>

#include "create/compile/observe_build.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// One unit for each source of each command whose source is still there (configure's probes are not), equal
/// ones merged, in the order they were compiled. Throws `bad_input` when none is left.
[[nodiscard]] std::vector<RecordedUnit> observed_units(const std::vector<ObservedCommand>& commands);

}  // namespace stent::compile
