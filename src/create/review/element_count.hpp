// How many elements there are between two pointers of an object, as compilers compute it.
#pragma once

#include "create/review/machine_state.hpp"

namespace stent::review {

/// `step` divides the distance of two neighbouring members by the size of an element: no unit of a value.
[[nodiscard]] bool counts_elements(const x86_64::Step& step, const MachineState& before);

}  // namespace stent::review
