// What the target must be told or made to run when an image is applied: unwinding and hooks.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/emit/placement.hpp"
#include "patch/patch.hpp"

namespace stent::emit {

/// Fills `image.unwind`, `image.own_unwinder` and `image.hooks`.
///
/// Code with a cleanup or a catch, and all code of a module that takes part in exceptions, needs the
/// unwinder; other code is better off with it. A hook is a new function named stent_pre_apply,
/// stent_post_apply, stent_pre_revert or stent_post_revert, or one of these, an underscore and anything.
/// Throws `refused` when the code needs an unwinder that the target holds itself (-static-libgcc) and that
/// cannot be found for want of symbols.
void describe_running(const model::Image& target, const std::vector<bind::BoundUnit>& units,
                      const Placement& placement, const Draft& draft, patch::Image& image);

}  // namespace stent::emit
