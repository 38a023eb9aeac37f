// A compared unit that is part of a target.
#pragma once

#include <set>
#include <string>

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

}  // namespace stent::create
