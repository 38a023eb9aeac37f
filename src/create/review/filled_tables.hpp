// Tables in static storage that a function fills without being told anything.
#pragma once

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// It takes nothing and asks for nothing: what it leaves in static storage, for others to read, is what its
/// code says. One that only clears is called again and again.
[[nodiscard]] bool fills_tables_by_itself(const ReviewedUnit& unit, const FunctionPair& pair);

}  // namespace stent::review
