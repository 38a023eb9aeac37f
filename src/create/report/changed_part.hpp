// Which part of a line differs from the line beside it.
#pragma once

#include <string_view>

namespace stent::report {

/// `line` cut in three: what it shares with `other` at the start, its own part, what it shares at the end.
struct ChangedPart {
  std::string_view head, own, tail;
};

/// Never cuts through a word or a UTF-8 character.
[[nodiscard]] ChangedPart changed_part(std::string_view line, std::string_view other);

}  // namespace stent::report
