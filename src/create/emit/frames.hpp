// The call frame tables of a patch: .eh_frame and its search table.
#pragma once

#include "create/emit/references.hpp"

namespace stent::emit {

struct FrameTables {
  PatchRange eh_frame, eh_frame_hdr;
};

/// Appends the frames of every code atom and of the stubs from `stubs_begin` to the end of the code segment,
/// the terminator and the sorted search table (LSB core, "DWARF Extensions"). The code segment must be
/// complete. Size 0 when no code has a frame.
[[nodiscard]] FrameTables write_frames(const std::vector<bind::BoundUnit>& units, const Placement& placement,
                                       References& references, Spot stubs_begin, Draft& draft);

}  // namespace stent::emit
