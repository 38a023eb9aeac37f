// Applying the hunks of a diff to a text in memory, keeping every line's old number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "create/compile/diff_file.hpp"

namespace stent::compile {

/// A line with its terminator, and the number it had in the file on disk; 0 when the diff added it.
struct NumberedLine {
  std::string text;
  unsigned old_number = 0;
};
using NumberedText = std::vector<NumberedLine>;

[[nodiscard]] NumberedText number_lines(std::string_view text);
[[nodiscard]] std::string join_lines(const NumberedText& lines);

/// Applies every hunk: context and removed lines must match exactly; a hunk may stand elsewhere than its
/// header says when it matches at one place only. `shown` names the file in messages. Throws `refused` naming
/// file and hunk; the message says so when the text holds the change already.
[[nodiscard]] NumberedText apply_hunks(const NumberedText& old_text, const FileDiff& diff,
                                       const std::string& shown);

}  // namespace stent::compile
