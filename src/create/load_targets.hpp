// The builds of the target that a patch is for.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/request.hpp"

namespace stent::create {

/// Every target of the request with the symbols of its debug file, or of the rebuild that has the same code.
/// Throws `mismatch` when a single target has other code than the rebuild, `usage` when two targets are one
/// build.
[[nodiscard]] std::vector<model::Image> load_targets(const Request& request);

}  // namespace stent::create
