// The terminal that stent prints to.
#pragma once

#include "create/report/text.hpp"

namespace stent::cli {

/// As wide as the terminal of stdout (160 columns where it is none), in colour where it is one and NO_COLOR
/// is not set.
[[nodiscard]] report::TextStyle terminal_style();

}  // namespace stent::cli
