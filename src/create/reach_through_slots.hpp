// New references to data of other modules: such a unit is compiled once more, to go through the GOT.
#pragma once

#include <list>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// `chosen` as it is to be emitted: units of which `bound` reaches data of another module with a field of 32
/// bits stand there compiled with -mno-direct-extern-access (never compared: other functions differ too), the
/// others as they are. `again` owns the new ones. Empty when no unit needs that, or none can be compiled
/// again. Throws `refused` where the other code would destroy registers that callers in the target may rely
/// on (gcc -fipa-ra).
[[nodiscard]] std::vector<ChosenUnit> reach_through_slots(const std::vector<ChosenUnit>& chosen,
                                                          const std::vector<bind::BoundUnit>& bound,
                                                          std::list<ComparedUnit>& again);

}  // namespace stent::create
