// Comparing what a patch expects of a module with what stands in memory.
#pragma once

#include <span>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"
#include "live/resolve/earlier_redirect.hpp"
#include "patch/patch.hpp"

namespace stent::resolve {

/// Throws `mismatch` naming function and offset when `function` is not in memory as `patch` was made for; a
/// redirect in `earlier` counts as the bytes it replaced.
void verify_pre_image(const patch::ReplacedFunction& function, const process::Module& module,
                      const process::RemoteMemory& memory, std::span<const EarlierRedirect> earlier);

}  // namespace stent::resolve
