// Where a function may stand in a target that has no names.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "binary/model/object.hpp"

namespace stent::bind {

/// Places in code of `image` that hold the first bytes of `function`, as far as neither a reference nor a
/// branch can make them differ; never inside what .eh_frame says is another function. Empty for a function
/// too short to be told from others by its code alone. Each still has to be matched.
[[nodiscard]] std::vector<LinkAddress> unnamed_candidates(const model::Object& object,
                                                          const model::Function& function,
                                                          const model::Image& image);

}  // namespace stent::bind
