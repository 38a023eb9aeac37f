#include "create/review/rules.hpp"

namespace stent::review {

void report_refusals(const UnitPair& unit, Findings& findings) {
  for (const diff::Refusal& refusal : unit.changes->refusals) {
    Finding finding;
    finding.level = Level::refused;
    finding.kind = "not-patchable";
    finding.message = unit.source + ": " + refusal.subject + ": " + refusal.reason;
    finding.why = "the running process keeps what the old build made";
    finding.remedy = refusal.hint.empty() ? "restart the program with the new build instead" : refusal.hint;
    findings.add(refusal.subject, std::move(finding));
  }
}

void report_functions(const UnitPair& unit, Findings& findings) {
  for (const diff::FunctionChange& change : unit.changes->functions) {
    if (change.kind == diff::ChangeKind::removed) continue;
    Finding finding;
    finding.level = Level::safe;
    finding.kind = change.kind == diff::ChangeKind::added ? "new-function" : "changed-function";
    finding.message = change.name + (change.first_difference.empty() ? "" : ": " + change.first_difference);
    finding.why = "replaced as a whole: calls through its old address reach the new code";
    finding.functions = {change.name};
    findings.add(change.name, std::move(finding));
  }
}

}  // namespace stent::review
