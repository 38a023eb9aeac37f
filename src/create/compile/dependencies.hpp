// Which files a compiler reads for a unit, from its own dependency output.
#pragma once

#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

#include "create/compile/recorded_unit.hpp"
#include "create/compile/tree_view.hpp"

namespace stent::compile {

/// The prerequisites of a make rule as `-M` prints it ("\ " is a blank, "$$" a dollar, "\" + newline goes
/// on).
[[nodiscard]] std::vector<std::string> parse_make_rule(std::string_view text);

/// For each unit, which of `wanted` (canonical paths) its compiler reads: of the tree on disk, or, with a
/// `view`, of the changed one. Throws `build_failed` when a unit cannot be preprocessed.
[[nodiscard]] std::vector<std::set<std::filesystem::path>> find_dependencies(
    const std::vector<RecordedUnit>& units, const std::set<std::filesystem::path>& wanted,
    const TreeView* view, const std::vector<std::string>& extra_flags,
    const std::filesystem::path& work_directory, unsigned jobs);

}  // namespace stent::compile
