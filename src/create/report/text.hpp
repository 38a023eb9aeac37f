// The functions of a report side by side on a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "create/report/report.hpp"

namespace stent::report {

struct TextStyle {
  std::size_t width = 160;  ///< columns of the terminal
  bool coloured = false;
};

/// Source and assembly of every function, old left and new right; of equal lines only those near a change.
/// Marks without colour: '|' changed, '<' removed, '>' added.
[[nodiscard]] std::string to_text(const Report& report, const TextStyle& style);

}  // namespace stent::report
