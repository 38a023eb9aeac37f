// Finding in the target what a unit newly brings along but another unit brought before (COMDAT).
#pragma once

#include <optional>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"

namespace stent::bind {

/// The target's copy of an atom that is new in this unit: a template instance, an inline function or
/// variable, a type's table or description. Code must be the same by decoding, and name things of the same
/// names; data must have the same size, and constants the same content. Empty: the target has no such copy.
[[nodiscard]] std::optional<BoundTarget> known_copy(const model::Object& object, model::AtomId id,
                                                    const model::Image& image);

}  // namespace stent::bind
