// The pairs of objects a request stands for.
#pragma once

#include <string>
#include <vector>

#include "create/compile/object_pair.hpp"
#include "create/question.hpp"
#include "create/request.hpp"

namespace stent::create {

struct CollectedPairs {
  std::vector<compile::ObjectPair> pairs;
  std::vector<Question> questions{};  ///< hunks that change more than the compiled units, each file once
  std::vector<compile::ChangedFile> files{};  ///< of the diff
  compile::SpareFinder find_spares{};
};

/// The given objects, or what compiling the change gives. What became of each hunk goes to `notes`.
[[nodiscard]] CollectedPairs collect_pairs(const Request& request, std::vector<std::string>& notes);

}  // namespace stent::create
