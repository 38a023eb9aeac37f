// How far the functions of a patch switch together, and what that asks of its author.
#pragma once

#include <vector>

#include "create/choose_units.hpp"
#include "create/request.hpp"
#include "create/review/finding.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// `all`, unless the request says entry by entry; several functions then are one more finding,
/// "entry-by-entry", that needs an acknowledgement.
[[nodiscard]] patch::Consistency choose_consistency(const Request& request,
                                                    const std::vector<ChosenUnit>& units,
                                                    std::vector<review::Finding>& findings);

}  // namespace stent::create
