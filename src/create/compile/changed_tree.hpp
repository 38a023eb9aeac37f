// The diff laid over the source tree: each changed file, where it is and what it becomes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "create/compile/apply_hunks.hpp"
#include "create/compile/diff_file.hpp"

namespace stent::compile {

struct ChangedFile {
  enum class Kind { modified, added, removed } kind = Kind::modified;
  std::filesystem::path location;  ///< absolute and canonical; of an added file, where it will be
  std::string shown;               ///< relative to the root
  NumberedText new_text;
  std::vector<unsigned> hunk_lines;  ///< old line of each hunk
  /// Why the diff does not match a file that is no C or C++ by its name (a test, say). `new_text` is then the
  /// old one, and the failure counts only if a unit reads the file.
  std::optional<Error> mismatch;
};

struct ChangedTree {
  std::filesystem::path root;  ///< canonical
  std::vector<ChangedFile> files;
};

/// Finds which of `roots` the diff's paths are relative to (with one leading component stripped, or none) and
/// applies the diff in memory. The tree is only read.
/// Throws `refused` when a C or C++ file or one of its hunks does not match, `bad_input` when no root or more
/// than one fits.
[[nodiscard]] ChangedTree apply_to_tree(const std::vector<FileDiff>& diffs,
                                        const std::vector<std::filesystem::path>& roots);

}  // namespace stent::compile
