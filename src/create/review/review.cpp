#include "create/review/review.hpp"

#include "base/parallel.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/local_sorters.hpp"
#include "create/review/rules.hpp"

namespace stent::review {

namespace {

Findings review_unit(const UnitPair& pair) {
  Findings findings;
  report_refusals(pair, findings);
  report_functions(pair, findings);
  if (pair.changes->nothing_changed()) return findings;
  ReviewedUnit unit;
  prepare(unit, pair);
  unit.local_sorters = find_local_sorters(unit);
  report_missing_debug(unit, findings);
  report_incomplete_types(unit, findings);
  report_types(unit, findings);
  report_statics(unit, findings);
  report_signatures(unit, findings);
  report_control(unit, findings);
  report_locks(unit, findings);
  report_ownership(unit, findings);
  report_new_effects(unit, findings);
  report_results(unit, findings);
  report_meaning(unit, findings);
  report_state(unit, findings);
  report_lookup(unit, findings);
  report_new_states(unit, findings);
  report_promises(unit, findings);
  report_reach(unit, findings);
  report_identity(unit, findings);
  return findings;
}

}  // namespace

std::vector<Finding> review(const std::vector<UnitPair>& units, unsigned jobs) {
  std::vector<Findings> of_units(units.size());
  for_each_index(units.size(), jobs, [&](std::size_t i) { of_units[i] = review_unit(units[i]); });
  Findings all;
  for (const Findings& findings : of_units) all.merge(findings);
  return all.sorted();
}

}  // namespace stent::review
