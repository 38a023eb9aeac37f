// Of a patch for several builds of a module, the part for the build that is in the target.
#pragma once

#include <vector>

#include "live/process/module.hpp"
#include "patch/patch.hpp"

namespace stent::resolve {

/// `patch` without those alternatives whose build is not among `modules`; its identity stays. Every image
/// that is no alternative stays, whether its module is there or not. Throws `mismatch` naming all builds when
/// none of a group is there.
[[nodiscard]] patch::Patch present_images(const patch::Patch& patch,
                                          const std::vector<process::Module>& modules);

}  // namespace stent::resolve
