// A difference in words, for the person who reads what a patch changes.
#pragma once

#include <string>

#include "create/diff/sameness.hpp"

namespace stent::diff {

/// One line: where (offset from the start of the function or its part) and what was there before and is now.
[[nodiscard]] std::string describe_difference(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                              const Correspondence& correspondence,
                                              const Difference& difference);

}  // namespace stent::diff
