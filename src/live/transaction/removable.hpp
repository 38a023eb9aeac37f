// Can anything outside a patch hold an address inside it after a revert?
#pragma once

#include "live/resolve/resolved_patch.hpp"
#include "patch/patch.hpp"

namespace stent::transaction {

/// True when the patch has no writable data and takes the address of no function that it adds: then only
/// stacks can lead into it. Errs towards false.
[[nodiscard]] bool is_removable(const patch::Patch& patch, const resolve::ResolvedPatch& resolved);

}  // namespace stent::transaction
