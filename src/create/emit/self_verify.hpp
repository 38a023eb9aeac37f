// Proof that an image does what the new objects do: linked twice at random places and compared with them.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "patch/patch.hpp"

namespace stent::emit {

/// Links `image` at two random bases with made-up values for its bindings and walks from the replaced
/// functions along every reference: each selected atom must hold the object's bytes except for its reference
/// fields, each field must lead to what the object means, and each function must have the object's call
/// frame. Throws `internal` naming the first difference.
///
/// Works from the objects and the linked bytes only; it shares no code with what wrote the image.
void self_verify(const patch::Image& image, const std::vector<bind::BoundUnit>& units);

/// The other half: what `image` says of `target` (build-id, the functions of `units` and no other, where they
/// are and what they hold). Throws `internal` naming the first difference.
void verify_target(const patch::Image& image, const std::vector<bind::BoundUnit>& units,
                   const model::Image& target);

}  // namespace stent::emit
