// Which function, variable or named constant of the old object is which of the new one.
#pragma once

#include <optional>
#include <vector>

#include "create/diff/object_index.hpp"

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
  [[nodiscard]] bool is_free(model::AtomId old_atom, model::AtomId new_atom) const {
    return !new_of_old.at(old_atom.value) && !old_of_new.at(new_atom.value);
  }
};

/// Evidence, strongest first: a name that can only be one thing; the same place in the same code; the set of
/// functions that refer to it with its content; the set alone; an overlap of the sets. Every step accepts
/// only what is one-to-one; what stays open is left without a counterpart, and marked ambiguous when it is
/// data.
[[nodiscard]] Correspondence correspond(const ObjectIndex& old_index, const ObjectIndex& new_index);

/// True when both atoms have the same bytes outside of reference fields, and references of the same types at
/// the same offsets; where those go is not looked at.
[[nodiscard]] bool same_but_for_targets(const model::Atom& a, const model::Atom& b);

}  // namespace stent::diff
