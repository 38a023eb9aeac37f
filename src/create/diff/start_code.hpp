// The functions of an object that only the program's start runs.
#pragma once

#include <set>

#include "create/diff/object_index.hpp"

namespace stent::diff {

/// Constructors (named by .init_array and its like) and the local functions that only those refer to, by
/// entry.
[[nodiscard]] std::set<model::AtomId> start_code(const ObjectIndex& index);

}  // namespace stent::diff
