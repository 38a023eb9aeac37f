// Evidence that a function which takes a lock newly can wait for nobody for ever.
#pragma once

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// The function took no lock, and takes one now that the unit keeps to itself and that others hold already
/// while they use the same memory. Whoever holds it calls only what is known to come back without it, in the
/// old code and in the new; nobody returns with it, and nobody calls the function from where it may be held.
[[nodiscard]] bool joins_section(const ReviewedUnit& unit, const FunctionPair& function);

}  // namespace stent::review
