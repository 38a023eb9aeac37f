// How compilers get to see the changed tree while the tree on disk stays as it is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "create/compile/changed_tree.hpp"
#include "create/compile/child_process.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {

enum class Isolation {
  automatic,        ///< a mount namespace where the system allows it, else a shadow tree
  mount_namespace,  ///< changed files are mounted over the originals: compilers see them at the same path
  shadow_tree,      ///< a tree of links beside the original, its paths mapped back with -ffile-prefix-map
};

class TreeView {
 public:
  /// Writes the changed files (with line directives) below `work_directory`.
  TreeView(const ChangedTree& tree, const std::filesystem::path& work_directory, Isolation isolation);

  /// The command that compiles `unit` as it is after the change. Valid as long as the view is.
  /// Throws `unsupported` when a shadow tree cannot show the unit.
  [[nodiscard]] ChildCommand changed_command(const RecordedUnit& unit,
                                             const std::vector<std::string>& actions) const;

  /// The place in the tree of a file (canonical) that a changed command named.
  [[nodiscard]] std::filesystem::path original(const std::filesystem::path& path) const;

 private:
  std::filesystem::path root_;
  std::filesystem::path shadow_;  ///< empty when mounts are used
  Mounts mounts_;
};

}  // namespace stent::compile
