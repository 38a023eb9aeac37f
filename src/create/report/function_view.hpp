// Everything a reviewer looks at of one changed function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "create/diff/change_set.hpp"
#include "create/report/columns.hpp"
#include "create/report/source_texts.hpp"

namespace stent::report {

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
