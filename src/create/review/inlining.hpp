// One function may be inlined in one build and called in the other, or be cut into helpers that only one
// build has.
#pragma once

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// Makes both builds comparable: what only one of them calls is taken into the functions that call it.
void align_inlining(ReviewedUnit& unit);

}  // namespace stent::review
