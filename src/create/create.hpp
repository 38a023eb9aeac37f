// Making a patch: the whole offline journey as one call.
#pragma once

#include "create/outcome.hpp"
#include "create/request.hpp"

namespace stent::create {

/// Makes the patch, with an image for each target, and verifies the written file against the objects and the
/// targets it was made from.
/// Throws `bad_input`, `build_failed`, `mismatch` (an old object is not what the target was built from),
/// `refused` (every reason in one message).
[[nodiscard]] Outcome create(const Request& request);

}  // namespace stent::create
