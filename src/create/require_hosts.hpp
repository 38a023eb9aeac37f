// Inlined copies of a changed function must change with it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/review/finding.hpp"

namespace stent::create {

/// Throws `refused`, naming the hosts, when the target's debug information says that a replaced function is
/// inlined in a unit whose objects were not compared. `compared` holds the sources of those that were,
/// changed or not. Where that information is not there, each replaced function of a header is a finding.
/// `is_whole_build`: every unit that includes a changed file was compiled, so only what headers declare is
/// looked for. Units that link-time optimisation made hold their hosts themselves.
[[nodiscard]] std::vector<review::Finding> require_inlined_hosts(const model::Image& target,
                                                                 const std::vector<bind::BoundUnit>& units,
                                                                 const std::set<std::string>& compared,
                                                                 bool is_whole_build);

}  // namespace stent::create
