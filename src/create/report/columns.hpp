// Columns of lines, and two of them side by side.
#pragma once

#include <string>
#include <vector>

#include "create/report/align.hpp"
#include "create/report/source_texts.hpp"

namespace stent::report {

/// One line of a column: where it stands ("123", "+4a") and what it says.
struct Line {
  std::string label, text;
  std::string note;  ///< bytes of an instruction; empty for source
};

/// Two columns. A side is empty when it is not at hand; then there is nothing to compare.
struct SideBySide {
  std::vector<Line> old_lines, new_lines;
  std::vector<Row> rows;
};

/// Lines with their keys: equal keys can be the same line.
struct Column {
  std::vector<Line> lines;
  std::vector<std::string> keys;

  void add(Line line, std::string key);
};

[[nodiscard]] Column source_column(std::vector<SourceLine> source);

/// A side without lines is not at hand: nothing of the other is shown as changed.
[[nodiscard]] SideBySide beside(Column before, Column after);

/// A symbol as people write it.
[[nodiscard]] std::string demangled(const std::string& symbol);

}  // namespace stent::report
