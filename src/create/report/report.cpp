#include "create/report/report.hpp"

#include <iterator>

namespace stent::report {

Report make_report(std::string title, const std::vector<review::UnitPair>& units,
                   std::vector<review::Finding> findings, const SourceTexts& texts) {
  Report report{std::move(title), {}, std::move(findings), {}};
  for (const review::UnitPair& unit : units) {
    auto views = view_functions(unit.source, *unit.old_object, *unit.new_object, *unit.changes, texts);
    std::move(views.begin(), views.end(), std::back_inserter(report.functions));
  }
  return report;
}

std::string to_string(diff::ChangeKind kind) {
  switch (kind) {
    case diff::ChangeKind::changed: return "changed";
    case diff::ChangeKind::added: return "added";
    case diff::ChangeKind::removed: return "removed";
  }
  return "";
}

}  // namespace stent::report
