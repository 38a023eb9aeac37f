// Where the compiler inlined given functions, by the debug information.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace stent::dwarf {

/// One inlined copy of a function.
struct InlinedCopy {
  std::string function;  ///< its linkage name, or its name where it has none
  std::string host;      ///< the function whose code holds the copy, likewise
  std::string source;    ///< the compiled file of the host (DW_AT_name of its unit)
  LinkAddress at;        ///< the first instruction of the copy
};

struct InlinedCopies {
  std::vector<InlinedCopy> found;
  std::string unseen;  ///< why others may be missing; empty when there are no others
};

/// The copies of `functions` (name by entry) in `debug_file` (the image itself, or its separate debug file):
/// of what has that name and, where the function's own description is found by its entry, is declared in the
/// same file. A dwz alternate file is searched below `debug_roots`;
/// throws `bad_input` when it is not found, for the names of inlined functions may stand there.
[[nodiscard]] InlinedCopies inlined_copies(const std::filesystem::path& debug_file,
                                           const std::vector<std::filesystem::path>& debug_roots,
                                           const std::map<LinkAddress, std::string>& functions);

}  // namespace stent::dwarf
