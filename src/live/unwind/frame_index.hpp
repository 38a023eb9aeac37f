// A search table for call frame information that has none: programs linked with -static carry .eh_frame
// without .eh_frame_hdr.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace stent::unwind {

/// One row as in .eh_frame_hdr (LSB Core, "The .eh_frame_hdr section"), both relative to a base of choice.
struct FrameIndexRow {
  std::int32_t code;         ///< where the described code begins
  std::int32_t description;  ///< its frame description entry in .eh_frame

  friend bool operator==(const FrameIndexRow&, const FrameIndexRow&) = default;
};

using FrameIndex = std::vector<FrameIndexRow>;

/// The rows for the section `eh_frame`, which stands at `at`, by ascending code. Empty when an entry is
/// damaged, uses a pointer encoding that linkers do not write into programs, or is out of reach of `base`.
[[nodiscard]] std::optional<FrameIndex> index_frames(ByteView eh_frame, RemoteAddress at, RemoteAddress base);

}  // namespace stent::unwind
