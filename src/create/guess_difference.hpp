// Guessing why an old object is not what the target was built from.
#pragma once

#include <string>

#include "binary/model/image.hpp"
#include "binary/model/object.hpp"

namespace stent::create {

/// A sentence for the error: another compiler, or other flags, by what both files say of themselves; else
/// that the source may be another.
[[nodiscard]] std::string guess_difference(const model::Object& old_object, const model::Image& target);

}  // namespace stent::create
