// Pure relocation: an image of a patch x addresses -> the final bytes. Used by both wings.
#pragma once

#include <vector>

#include "patch/patch.hpp"

namespace stent::link {

/// The final bytes of one segment at its place.
struct LinkedSegment {
  patch::SegmentKind kind;
  RemoteAddress address;
  Bytes bytes;
  std::uint64_t memory_size = 0;
};

/// Fills every relocation of `image` placed at `base`.
///
/// `values` is parallel to `image.bindings`: the value S of each (an address in the target; for ThreadOffset
/// the offset itself as a signed 64-bit number). Throws `mismatch` naming the binding when a value does not
/// fit its field (out of +-2 GiB reach), `bad_input` for a relocation type outside psABI's set handled here.
[[nodiscard]] std::vector<LinkedSegment> link(const patch::Image& image, PatchBase base,
                                              const std::vector<std::uint64_t>& values);

}  // namespace stent::link
