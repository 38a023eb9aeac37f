// Of the compared units, those that are part of the target.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/match_unit.hpp"
#include "create/compare_units.hpp"

namespace stent::create {

/// A unit and where it stands in the target.
struct ChosenUnit {
  const ComparedUnit* unit = nullptr;
  bind::UnitMatch match;
  /// Names it defines, that the target was linked without and other units of the patch need.
  std::set<std::string> wanted{};
};

/// Of units with the same source, the one whose old object matches the target best is taken; a unit none of
/// whose functions is in the target is dropped and noted. The results point into `units`. Throws `mismatch`
/// when none is left, or when a unit's functions are in the target by name but with other code.
[[nodiscard]] std::vector<ChosenUnit> choose_units(const std::vector<ComparedUnit>& units,
                                                   const model::Image& target,
                                                   std::vector<std::string>& notes);

}  // namespace stent::create
