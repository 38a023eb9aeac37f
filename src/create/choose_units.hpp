// Of the compared units, those that are part of the target.
#pragma once

#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/chosen_unit.hpp"

namespace stent::create {

/// Of units with the same source, the one whose old object matches the target best is taken; a unit none of
/// whose functions is in the target, or only copies of inline functions that other units brought there, is
/// dropped and noted. The results point into `units`. Throws `mismatch`
/// when none is left, or when a unit's functions are in the target by name but with other code.
[[nodiscard]] std::vector<ChosenUnit> choose_units(const std::vector<ComparedUnit>& units,
                                                   const model::Image& target,
                                                   std::vector<std::string>& notes);

}  // namespace stent::create
