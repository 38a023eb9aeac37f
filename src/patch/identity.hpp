// The identity of a patch: a digest over everything in it that has an effect.
#pragma once

#include "patch/patch.hpp"

namespace stent::patch {

/// BLAKE2b-160 over the images and the consistency; name, description, toolchain, time and findings do not
/// count, so the same change made twice is the same patch.
[[nodiscard]] BuildId identity_of(const Patch& patch);

}  // namespace stent::patch
