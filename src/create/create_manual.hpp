// Making a patch from a hand-written replacement (stent/patch.h) instead of two builds.
#pragma once

#include "create/outcome.hpp"
#include "create/request.hpp"

namespace stent::create {

/// Compiles `request.manual_source` once and binds it to every target. Throws as `create` does, and `refused`
/// for a hazard of the target's code that is not acknowledged.
[[nodiscard]] Outcome create_manual(const Request& request);

}  // namespace stent::create
