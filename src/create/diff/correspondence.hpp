// Which atom of one object is which of another: a partial one-to-one map.
#pragma once

#include <optional>
#include <vector>

#include "binary/model/object.hpp"

namespace stent::diff {

/// A partial one-to-one map between the named atoms of two objects (entries, fragments, data).
struct Correspondence {
  std::vector<std::optional<model::AtomId>> old_of_new;  ///< indexed by new AtomId
  std::vector<std::optional<model::AtomId>> new_of_old;  ///< indexed by old AtomId
  std::vector<bool> ambiguous;  ///< indexed by new AtomId: several old things could be it, none is certain

  [[nodiscard]] bool same(model::AtomId old_atom, model::AtomId new_atom) const {
    return new_of_old.at(old_atom.value) == new_atom;
  }
  void pair(model::AtomId old_atom, model::AtomId new_atom) {
    new_of_old.at(old_atom.value) = new_atom;
    old_of_new.at(new_atom.value) = old_atom;
  }
  void part(model::AtomId old_atom, model::AtomId new_atom) {
    new_of_old.at(old_atom.value).reset();
    old_of_new.at(new_atom.value).reset();
  }
  [[nodiscard]] bool is_free(model::AtomId old_atom, model::AtomId new_atom) const {
    return !new_of_old.at(old_atom.value) && !old_of_new.at(new_atom.value);
  }
};

}  // namespace stent::diff
