// Binding all units of a patch to one target.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// The results point into `units`. Throws `refused` with what could not be bound, of all units.
[[nodiscard]] std::vector<bind::BoundUnit> bind_units(const std::vector<ChosenUnit>& units,
                                                      const model::Image& target);

}  // namespace stent::create
