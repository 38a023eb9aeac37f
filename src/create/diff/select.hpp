// The reference closure of what changed: the atoms of the new object that a patch carries.
#pragma once

#include <vector>

#include "create/diff/change_set.hpp"
#include "create/diff/sameness.hpp"

namespace stent::diff {

/// What the closure found.
struct Selection {
  std::vector<bool> atoms;               ///< indexed by new AtomId: the patch carries it
  std::vector<model::FunctionId> added;  ///< functions without a counterpart that are carried, ascending
  std::vector<Refusal> refusals;         ///< things reached that can neither be carried nor bound
};

/// Starts at `changed` (functions of the new object) and at new global functions. A reference stops at
/// whatever exists in the target with the same meaning; everything else is carried.
[[nodiscard]] Selection select(const ObjectIndex& new_index, const Correspondence& correspondence,
                               const Sameness& sameness, const std::vector<model::FunctionId>& changed);

}  // namespace stent::diff
