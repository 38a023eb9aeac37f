// The rules every Patch value keeps, whoever made it.
#pragma once

#include "patch/patch.hpp"

namespace stent::patch {

/// Largest window of one image: all of it must lie within +-2 GiB of the module.
inline constexpr std::uint64_t largest_window = std::uint64_t{1} << 30;

/// Throws `code` saying which rule is broken: segments page-aligned, ascending and not overlapping; every
/// place, binding, extent and symbol inside what it must be inside; every pre-image as long as its extent.
void check_rules(const Patch& patch, ErrorCode code);

}  // namespace stent::patch
