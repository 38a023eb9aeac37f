// One unit before and after the change, loaded and compared.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "binary/model/object.hpp"
#include "create/compile/object_pair.hpp"
#include "create/diff/change_set.hpp"

namespace stent::create {

struct ComparedUnit {
  compile::ObjectPair pair;
  std::unique_ptr<model::Object> old_object, new_object;  ///< stay where they are: bound units point at them
  std::unique_ptr<diff::ChangeSet> changes;
};

/// Loads and compares, `jobs` at a time; units in which nothing changed are not kept, and `notes` says so.
/// `sources` gets what every object, changed or not, was compiled from.
[[nodiscard]] std::vector<ComparedUnit> compare_units(const std::vector<compile::ObjectPair>& pairs,
                                                      unsigned jobs, std::vector<std::string>& notes,
                                                      std::set<std::string>& sources);

}  // namespace stent::create
