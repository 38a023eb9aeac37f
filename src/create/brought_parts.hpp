// What of the units that the target was linked with it was linked without, and the patch brings along.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// By source: the symbols of functions, variables and constants.
using BroughtParts = std::map<std::string, std::set<std::string>>;

/// Those of `bound`, which are the `units` in their order. Throws `refused` for a variable that a library of
/// the target defines too: whether the process has it already, nobody can tell.
[[nodiscard]] BroughtParts brought_parts(const std::vector<ChosenUnit>& units,
                                         const std::vector<bind::BoundUnit>& bound,
                                         const model::Image& target);

}  // namespace stent::create
