// Which units could read a file at all, told from the text of their #include lines.
#pragma once

#include <filesystem>
#include <set>
#include <vector>

#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

/// For each unit whether it may read, other than as its own source, a file named like one of `wanted`.
/// Follows every #include that the unit's directories can answer, whatever condition it stands under; an
/// #include of a macro and an option that is not understood here count as a yes. A "no" is certain but for
/// headers in the compiler's own directories, which are not followed; a "yes" is for the compiler to confirm.
[[nodiscard]] std::vector<bool> may_include(const std::vector<RecordedUnit>& units,
                                            const std::set<std::filesystem::path>& wanted);

}  // namespace stent::compile
