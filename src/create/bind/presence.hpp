// Whether the target has what the old object defines, by the target's own symbol table.
#pragma once

#include <set>

#include "create/bind/match_unit.hpp"

namespace stent::bind {

/// Answers for one unit. Keeps references to all it is given.
class Presence {
 public:
  Presence(const model::Object& old_object, const model::Image& image, const UnitMatch& match);

  /// True when the linker left the atom out: no matched code names it, and the target's full symbol table has
  /// nothing of its name where the linker would have put it. Unknown (a stripped target or unit) is false.
  [[nodiscard]] bool is_dropped(model::AtomId id) const;
  /// As `is_dropped`, and everything in the unit that refers to the variable was left out as well.
  [[nodiscard]] bool is_unused(model::AtomId id) const;
  /// True when the target holds another unit's strong definition instead of this unit's weak one.
  [[nodiscard]] bool is_overridden(model::AtomId id) const;

 private:
  const model::Object& object_;
  const UnitMatch& match_;
  std::set<std::string> names_;         ///< of the unit's symbols, those that the target has
  std::set<std::string> strong_names_;  ///< of those, the target's strong globals
  /// Of the locals in blocks of this unit's source, without ordinals, but for those that matched code names.
  std::set<std::string> block_names_;
  bool has_block_;           ///< the table names the unit's source: linkers note it even for what they drop
  bool has_locals_ = false;  ///< of any unit; a table without them may lack hidden globals too
};

}  // namespace stent::bind
