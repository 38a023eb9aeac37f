// Reading all debug information of one file.
#pragma once

#include <filesystem>
#include <vector>

#include "binary/dwarf/debug_info.hpp"

namespace stent::dwarf {

/// Reads the file's own debug information (relocating it when it is an object), or that of its separate debug
/// file below `debug_roots`, with a dwz alternate file. Empty when there is none. Throws `bad_input` when it
/// is damaged or an alternate file that it needs is not found.
[[nodiscard]] DebugInfo load_debug_info(const std::filesystem::path& path,
                                        const std::vector<std::filesystem::path>& debug_roots = {});

}  // namespace stent::dwarf
