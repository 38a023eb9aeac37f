// The review: what used to need a person reading the source.
#pragma once

#include <vector>

#include "create/review/finding.hpp"
#include "create/review/unit_pair.hpp"

namespace stent::review {

/// Everything that was noticed, highest level first, then by id; ids are unique. `units` are all units of one
/// patch. `jobs` of them at a time.
/// Throws `bad_input` for damaged debug information.
[[nodiscard]] std::vector<Finding> review(const std::vector<UnitPair>& units, unsigned jobs = 1);

}  // namespace stent::review
