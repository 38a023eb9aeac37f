// The debugging information of the new objects, as it goes into the patch for debuggers.
#pragma once

#include <filesystem>
#include <vector>

#include "patch/patch.hpp"

namespace stent::emit {

/// The DWARF sections of `objects` (of each image of `patch`, in order) joined and relocated: functions of
/// the image, found by name, to their addresses in the file; everything else to 0, as a linker does with what
/// it dropped. Objects that cannot be read any more, or whose sections are compressed, are left out.
[[nodiscard]] std::vector<patch::DebugSection> debug_sections(
    const std::vector<std::vector<std::filesystem::path>>& objects, const patch::Patch& patch);

}  // namespace stent::emit
