// The rules of the review: each looks at one aspect of a change and writes what it notices.
#pragma once

#include <vector>

#include "create/review/findings.hpp"
#include "create/review/unit_pair.hpp"

namespace stent::review {

/// What the comparison refused already: `refused`.
void report_refusals(const UnitPair& unit, Findings& findings);
/// Each function that is replaced, added or removed: `safe`.
void report_functions(const UnitPair& unit, Findings& findings);

}  // namespace stent::review
