// The review: what used to need a person reading the source.
#pragma once

#include <vector>

#include "create/review/finding.hpp"
#include "create/review/unit_pair.hpp"

namespace stent::review {

/// Everything that was noticed, highest level first, then by id; ids are unique. `units` are all units of one
/// patch: they are reviewed together, because a caller in another unit of the patch is replaced, too.
/// Throws `bad_input` for damaged debug information.
[[nodiscard]] std::vector<Finding> review(const std::vector<UnitPair>& units);

}  // namespace stent::review
