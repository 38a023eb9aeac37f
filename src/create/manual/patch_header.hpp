// The text of stent/patch.h, as this stent reads its marks, and of stent/shadow.h.
#pragma once

#include <string_view>

namespace stent::manual {

[[nodiscard]] std::string_view patch_header();
[[nodiscard]] std::string_view shadow_header();

}  // namespace stent::manual
