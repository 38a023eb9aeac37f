// Keeping old line numbers in changed text, so that __LINE__ and assert() do not make unchanged functions
// differ.
#pragma once

#include <string>

#include "create/compile/apply_hunks.hpp"

namespace stent::compile {

/// The text with a `#line N` after every run of changed lines, at the first line where a directive can stand,
/// and again after each #else, #elif, #endif that ends a group the run was in (a directive in a skipped group
/// is not read). Every unchanged line after such a directive has the number it had in the old file. A text
/// that has #line directives of its own (a generated file) is returned as it is. Pure.
[[nodiscard]] std::string insert_line_directives(const NumberedText& text);

}  // namespace stent::compile
