// Proof that an image does what the new objects do: linked twice at random places and compared with them.
#pragma once

#include <vector>

#include "create/bind/bound_unit.hpp"
#include "patch/patch.hpp"

namespace stent::emit {

/// Links `image` at two random bases with made-up values for its bindings and walks from the replaced
/// functions along every reference: each selected atom must hold the object's bytes except for its reference
/// fields, and each field must lead to what the object means. Throws `internal` naming the first difference.
///
/// Works from the objects and the linked bytes only; it shares no code with what wrote the image.
void self_verify(const patch::Image& image, const std::vector<bind::BoundUnit>& units);

}  // namespace stent::emit
