// What the review is given of one unit.
#pragma once

#include <set>
#include <string>

#include "create/diff/change_set.hpp"

namespace stent::review {

/// One unit before and after the change. The debug information is read from the objects' files. The old
/// object of a unit that comes along as a whole is empty, and has no path.
struct UnitPair {
  std::string source;  ///< as the build names it
  const model::Object* old_object = nullptr;
  const model::Object* new_object = nullptr;
  const diff::ChangeSet* changes = nullptr;
  /// Functions and data of an unchanged part that the target was linked without, and that come along.
  std::set<std::string> brought{};
};

}  // namespace stent::review
