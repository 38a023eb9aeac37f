// The debug information of an object, where it is no more than a help.
#pragma once

#include <filesystem>

#include "binary/dwarf/debug_info.hpp"

namespace stent::emit {

/// Empty when there is none or it cannot be read: the review says what it cannot see.
[[nodiscard]] dwarf::DebugInfo unit_debug_info(const std::filesystem::path& object);

}  // namespace stent::emit
