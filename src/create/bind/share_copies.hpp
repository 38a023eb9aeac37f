// Leaving one copy of what several units of a patch carry (COMDAT).
#pragma once

#include <vector>

#include "create/bind/bound_unit.hpp"

namespace stent::bind {

/// Of each inline function, template instance or inline variable that several units selected, one unit keeps
/// its copy: the one that replaces it in the target, else the first. The others' references go to that copy
/// by its name. Throws `refused` when two units define a variable of one name with different sizes.
void share_copies(std::vector<BoundUnit>& units);

}  // namespace stent::bind
