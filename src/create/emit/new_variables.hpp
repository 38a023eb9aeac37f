// The new static data of an image, described so that later patches can go on with it.
#pragma once

#include <vector>

#include "create/bind/bound_unit.hpp"
#include "create/emit/placement.hpp"
#include "patch/patch.hpp"

namespace stent::emit {

/// Every named variable that the selected atoms bring, each once, ascending by address. What a compiler makes
/// up and never changes is none.
[[nodiscard]] std::vector<patch::NewVariable> new_variables(const std::vector<bind::BoundUnit>& units,
                                                            const Placement& placement, const Draft& draft);

}  // namespace stent::emit
