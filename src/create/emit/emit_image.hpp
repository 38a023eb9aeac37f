// Making the image of a patch for one build of one module.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "patch/patch.hpp"

namespace stent::emit {

/// The image that carries every selected atom of `units`, bound to `target`.
///
/// References between selected atoms stay inside the image (across units by global name). References to a
/// replaced function go to its old entry in the target. Calls that leave the module go through stubs and
/// slots. Throws `refused` naming the place for whatever a patch cannot express.
[[nodiscard]] patch::Image emit_image(const model::Image& target, const std::vector<bind::BoundUnit>& units);

}  // namespace stent::emit
