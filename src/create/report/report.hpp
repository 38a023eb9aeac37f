// Report: a change as a reviewer sees it, whatever it is then written as.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "create/report/function_view.hpp"
#include "create/review/finding.hpp"
#include "create/review/unit_pair.hpp"

namespace stent::report {

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  ///< what and which, for the page's head
  std::vector<review::Finding> findings;                   ///< highest level first
  std::vector<FunctionView> functions;
};

/// Throws `bad_input` for damaged debug information.
[[nodiscard]] Report make_report(std::string title, const std::vector<review::UnitPair>& units,
                                 std::vector<review::Finding> findings, const SourceTexts& texts);

/// "changed", "added", "removed".
[[nodiscard]] std::string to_string(diff::ChangeKind kind);

}  // namespace stent::report
