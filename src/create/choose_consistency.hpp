// Whether the functions of a patch switch together, or each on its own.
#pragma once

#include "create/request.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// Sets `patch.consistency` as the request says. Several functions that changed together may switch each on
/// its own only where the author acknowledges it; the acknowledgement becomes a finding of the patch. Throws
/// `refused`.
void choose_consistency(const Request& request, patch::Patch& patch);

}  // namespace stent::create
