// Units of which the target has nothing but copies of inline functions that other units brought there.
#pragma once

#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/chosen_unit.hpp"

namespace stent::create {

/// Takes out of `units` those that the target was linked without: its symbol table knows the source of other
/// units and not of them, and none of the names that they alone define. What they have in common with the
/// target are members of section groups, each of which a unit that stays accounts for at the same address.
/// Returns the sources of what was taken out. Does nothing where the table has no locals.
std::vector<std::string> take_out_only_copies(std::vector<ChosenUnit>& units, const model::Image& target);

}  // namespace stent::create
