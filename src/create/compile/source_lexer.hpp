// A lexer of C and C++ text that knows only as much as it takes to put a directive between two lines.
#pragma once

#include <string_view>
#include <vector>

namespace stent::compile {

/// What a line is to someone who wants to insert a directive before it.
struct LineState {
  /// A directive on a line of its own before this line is read as such: the line is not the continuation of
  /// another one, and does not start inside a comment, a literal, or parentheses (which may be a macro's
  /// arguments).
  bool boundary = false;
  enum class Directive { none, opens, alternates, closes, line, other } directive = Directive::none;
};

/// One state for each line of `text` (split after every '\n'). Pure; any text is accepted: what is not
/// understood (an apostrophe in a skipped group) ends with its line.
[[nodiscard]] std::vector<LineState> lex_lines(std::string_view text);

}  // namespace stent::compile
