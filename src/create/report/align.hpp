// Two sequences of lines side by side: which stayed, which changed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stent::report {

enum class RowKind { same, changed, removed, added };

/// A row of the two columns: indices of lines, at least one of them set.
struct Row {
  RowKind kind = RowKind::same;
  std::optional<std::size_t> old_line, new_line;
  bool operator==(const Row&) const = default;
};

/// Lines with equal keys can be the same line. Every line of both sides is in one row, in order; a removed
/// line beside an added one is `changed`. Shortest for small differences; a difference of thousands of lines
/// is shown as one replaced block.
[[nodiscard]] std::vector<Row> align(std::span<const std::string> old_keys,
                                     std::span<const std::string> new_keys);

/// The rows that differ with `context` rows around them, as [first, last) runs, ascending.
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> runs_of_change(std::span<const Row> rows,
                                                                              std::size_t context);

}  // namespace stent::report
