// Binding all units of a patch to one target.
#pragma once

#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// The results point into `units`. What the target's linker had left out is said in `notes`. Throws `refused`
/// with what could not be bound, of all units; `mismatch` when a changed function that several units carry is
/// in the target as none of them gives it.
[[nodiscard]] std::vector<bind::BoundUnit> bind_units(const std::vector<ChosenUnit>& units,
                                                      const model::Image& target,
                                                      std::vector<std::string>& notes);

}  // namespace stent::create
