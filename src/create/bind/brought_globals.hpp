// The globals that a patch brings along.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "create/bind/bound_unit.hpp"

namespace stent::bind {

/// Names of the non-local symbols among what `units` carry: they lie beside the patch's code.
[[nodiscard]] std::set<std::string> brought_globals(const std::vector<BoundUnit>& units);

}  // namespace stent::bind
