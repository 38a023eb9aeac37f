// The pieces that the HTML page is put together from.
#pragma once

#include <string>
#include <string_view>

#include "create/report/change_map.hpp"
#include "create/report/function_view.hpp"

namespace stent::report {

/// Text that is safe inside an element and inside a quoted attribute.
[[nodiscard]] std::string escaped(std::string_view text);

/// A table of two columns; runs of equal rows are folded away until the reader asks for them. `what` names it
/// for the reader ("source", "assembly").
[[nodiscard]] std::string html_table(const SideBySide& both, const std::string& what);

/// An inline SVG whose functions link to "#function-N".
[[nodiscard]] std::string html_map(const ChangeMap& map);

extern const char* const html_style;
extern const char* const html_script;

}  // namespace stent::report
