// A text of a function that the target does not have: why another build's code does not match.
#pragma once

#include <string>

#include "binary/model/image.hpp"
#include "binary/model/object.hpp"

namespace stent::bind {

/// The first readable text of eight characters or more that `function` refers to and no segment of the image
/// holds, or empty. Often a path (__FILE__) or a version.
[[nodiscard]] std::string missing_text(const model::Object& object, const model::Function& function,
                                       const model::Image& image);

}  // namespace stent::bind
