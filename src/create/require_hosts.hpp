// Inlined copies of a changed function must change with it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"

namespace stent::create {

/// Throws `refused`, naming the hosts, when the target's debug information says that a replaced function is
/// inlined in a unit whose objects were not compared. `compared` holds the sources of those that were,
/// changed or not. Units that link-time optimisation made hold their hosts themselves.
void require_inlined_hosts(const model::Image& target, const std::vector<bind::BoundUnit>& units,
                           const std::set<std::string>& compared);

}  // namespace stent::create
