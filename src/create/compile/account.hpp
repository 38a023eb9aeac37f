// Saying for every hunk of the diff what became of it.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "create/compile/changed_tree.hpp"
#include "create/compile/object_pair.hpp"

namespace stent::compile {

/// Which units (by the name shown for them) a changed file decides.
struct AffectedBy {
  std::set<std::string> compiled;  ///< the file is their source
  std::set<std::string> included;  ///< they read it
};

/// One account for each hunk of `file`. Pure.
[[nodiscard]] std::vector<HunkAccount> account_for(const ChangedFile& file, const AffectedBy& affected);

}  // namespace stent::compile
