// Everything a reviewer looks at of one changed function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "create/diff/change_set.hpp"
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

struct FunctionView {
  std::string symbol;
  std::string name;  ///< as people write it
  std::string unit;
  diff::ChangeKind kind = diff::ChangeKind::changed;
  std::string first_difference;
  std::uint64_t old_size = 0, new_size = 0;  ///< bytes of code, fragments included
  SideBySide source, code;
  std::vector<std::string> calls;  ///< symbols of functions that the new code (else the old) refers to
};

/// Views of all functions of `changes`, in its order.
[[nodiscard]] std::vector<FunctionView> view_functions(const std::string& unit,
                                                       const model::Object& old_object,
                                                       const model::Object& new_object,
                                                       const diff::ChangeSet& changes,
                                                       const SourceTexts& texts);

}  // namespace stent::report
