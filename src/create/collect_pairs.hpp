// The pairs of objects a request stands for.
#pragma once

#include <string>
#include <vector>

#include "create/compile/object_pair.hpp"
#include "create/request.hpp"

namespace stent::create {

/// The given objects, or what compiling the change gives. What became of each hunk goes to `notes`.
[[nodiscard]] std::vector<compile::ObjectPair> collect_pairs(const Request& request,
                                                             std::vector<std::string>& notes);

}  // namespace stent::create
