// Which function, variable or named constant of the old object is which of the new one.
#pragma once

#include "create/diff/correspondence.hpp"
#include "create/diff/object_index.hpp"

namespace stent::diff {

/// Evidence, strongest first: a name that can only be one thing; the same place in the same code; the set of
/// functions that refer to it with its content; the set alone; an overlap of the sets. Every step accepts
/// only what is one-to-one; what stays open is left without a counterpart, and marked ambiguous when it is
/// data.
[[nodiscard]] Correspondence correspond(const ObjectIndex& old_index, const ObjectIndex& new_index);

/// True when both atoms have the same bytes outside of reference fields, and references of the same types at
/// the same offsets; where those go is not looked at.
[[nodiscard]] bool same_but_for_targets(const model::Atom& a, const model::Atom& b);

}  // namespace stent::diff
