// Functions that sort, fill and search only what lives for one call of functions that are replaced.
#pragma once

#include <set>
#include <string>

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// The old symbols of: replaced functions that can reach no container but their own; the instances of the C++
/// library's templates that only such functions use; comparators that are handed only to the C library's
/// sorts and searches of arrays on the stack. `unit` needs its facts and changes.
[[nodiscard]] std::set<std::string> find_local_sorters(const ReviewedUnit& unit);

}  // namespace stent::review
