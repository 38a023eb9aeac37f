// Units that the target was linked without: what they are to a process that never began with them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "create/review/findings.hpp"
#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// Functions and data by name; those that only their unit knows with the unit's before it.
using Names = std::set<std::string>;

/// What a unit's functions of the patch refer to, by the function's name; changed ones by the empty name.
using References = std::map<std::string, Names>;
[[nodiscard]] References references_of(const ReviewedUnit& unit);

/// Everything that the patch's code can reach, beginning with what changed.
[[nodiscard]] Names reached(const References& references);

/// A variable, who sets it and who reads it, and what to say when nobody who sets it is reached.
struct Unprepared {
  std::string variable;
  Names writers, readers;
  Finding finding;
};
[[nodiscard]] std::vector<Unprepared> unprepared_in(const ReviewedUnit& unit);

/// That the unit, or parts of it, come along: `note`.
void report_come_along(const ReviewedUnit& unit, Findings& findings);

}  // namespace stent::review
