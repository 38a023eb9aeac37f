// Front ends for objects that are there already: explicit pairs, archives, and two trees.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "create/compile/object_pair.hpp"

namespace stent::compile {

struct GivenObjects {
  std::vector<ObjectPair> pairs;
  std::vector<SpareUnit> spares;
};

/// One pair for each given one; two archives give the pairs of their members. Members are copied below
/// `work_directory`. What stands on one side only goes to `notes`.
[[nodiscard]] GivenObjects pairs_of_files(
    const std::vector<std::pair<std::filesystem::path, std::filesystem::path>>& files,
    const std::filesystem::path& work_directory, std::vector<std::string>& notes);

/// The relocatable objects of two trees, and the members of their archives, paired by relative path, name and
/// order. Objects whose bytes are equal are left out; a pair that repeats another (an object and its copy in
/// an archive) counts once. `x.o`, `.libs/x.o` and the member x.o of an archive beside them are alternatives.
/// Throws `bad_input` when the trees have no object in common.
[[nodiscard]] GivenObjects pairs_of_trees(const std::filesystem::path& old_tree,
                                          const std::filesystem::path& new_tree,
                                          const std::filesystem::path& work_directory,
                                          std::vector<std::string>& notes);

}  // namespace stent::compile
