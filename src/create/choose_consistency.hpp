// How far the functions of a patch switch together, and what that asks of its author.
#pragma once

#include <vector>

#include "create/request.hpp"
#include "create/review/finding.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// `all`, unless the request says entry by entry; that several functions of `patch` do so is then one more
/// finding, "entry-by-entry", which needs an acknowledgement.
[[nodiscard]] patch::Consistency choose_consistency(const Request& request, const patch::Patch& patch,
                                                    std::vector<review::Finding>& findings);

}  // namespace stent::create
