// A unit with the names and the code of a target's unit need not be that unit.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/brought_parts.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// Of the `units` of which `brought` comes along because `target` was linked without it: throws `refused`
/// where the target's symbols or its debug information tell that its unit is another one, or that it has a
/// variable which would come along.
void require_same_units(const std::vector<ChosenUnit>& units, const model::Image& target,
                        const BroughtParts& brought);

}  // namespace stent::create
