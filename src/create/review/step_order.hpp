// The order in which code mixes values: a hash with its steps exchanged is another hash.
#pragma once

#include <set>
#include <string>

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// The instructions that mix values, in no order.
[[nodiscard]] std::multiset<std::string> mixing_steps(const FunctionFacts& facts);
/// The same mixing instructions as before, in another order.
[[nodiscard]] bool is_reordered(const FunctionPair& function);
/// As above, of what came of the inlined function `inlined`.
[[nodiscard]] bool inlined_is_reordered(const FunctionPair& function, const std::string& inlined);

}  // namespace stent::review
