// Stopping at changes that must not become a patch.
#pragma once

#include <vector>

#include "create/choose_units.hpp"

namespace stent::create {

/// Throws `refused` with every refusal of every unit, one a line.
void refuse_what_cannot_change(const std::vector<ChosenUnit>& units);

}  // namespace stent::create
