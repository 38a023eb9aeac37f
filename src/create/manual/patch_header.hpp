// The text of stent/patch.h, as this stent reads its marks.
#pragma once

#include <string_view>

namespace stent::manual {

[[nodiscard]] std::string_view patch_header();

}  // namespace stent::manual
