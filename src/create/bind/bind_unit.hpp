// Binding one unit's change to one build of the target.
#pragma once

#include <map>
#include <set>
#include <string>

#include "create/bind/bound_unit.hpp"
#include "create/bind/match_unit.hpp"

namespace stent::bind {

/// Finds every changed function in `image` (extents, pre-images) and the target of every reference that
/// leaves the selected atoms of `changes`. `match` is match_unit(old_object, image).
///
/// `globals` are the addresses that the matches of other units found for the globals those define. What is
/// `wanted` of the names the unit defines comes along, where the target's linker dropped it.
///
/// A thing the unit defines is bound to the address that matched code names; where no matched code names it,
/// to a symbol of its name, size and kind in the unit's own symbol block, or to the one global symbol of its
/// name. An undefined symbol is bound as the linker would: what matched code went through, a global of the
/// module, an import.
///
/// Throws `mismatch` when a changed function is not in the target as the old object has it, `refused` when it
/// can not be redirected or something cannot be bound.
[[nodiscard]] BoundUnit bind_unit(const model::Object& old_object, const model::Object& new_object,
                                  const diff::ChangeSet& changes, const model::Image& image,
                                  const UnitMatch& match,
                                  const std::map<std::string, LinkAddress>& globals = {},
                                  const std::set<std::string>& wanted = {});

}  // namespace stent::bind
