// Finding the separate debug file of a stripped image.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "binary/elf/elf_file.hpp"

namespace stent::elf {

/// The debug file of `image`: first ROOT/.build-id/xx/yyyy.debug for each root (as given, and
/// ROOT/usr/lib/debug), then the file that .gnu_debuglink names (same folder, .debug/, below each root), if
/// its CRC agrees. A file found by build-id is taken only when its own build-id is the same.
[[nodiscard]] std::optional<std::filesystem::path> find_debug_file(
    const File& image, const std::vector<std::filesystem::path>& roots);

/// The CRC-32 that .gnu_debuglink stores of a whole file.
[[nodiscard]] std::uint32_t debug_link_crc(ByteView file);

}  // namespace stent::elf
