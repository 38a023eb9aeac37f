#include "create/review/review.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/come_along.hpp"
#include "create/review/inlining.hpp"
#include "create/review/local_sorters.hpp"
#include "create/review/rules.hpp"

namespace stent::review {

namespace {

/// What one unit shows, and what can be judged when all units are known.
struct Reviewed {
  Findings findings;
  References references;
  std::vector<Unprepared> unprepared;
};

Reviewed review_unit(const UnitPair& pair) {
  Reviewed reviewed;
  Findings& findings = reviewed.findings;
  report_refusals(pair, findings);
  report_functions(pair, findings);
  if (pair.changes->nothing_changed() && pair.brought.empty()) return reviewed;
  ReviewedUnit unit;
  prepare(unit, pair);
  align_inlining(unit);
  unit.local_sorters = find_local_sorters(unit);
  report_come_along(unit, findings);
  report_missing_debug(unit, findings);
  report_incomplete_types(unit, findings);
  report_types(unit, findings);
  report_virtual_calls(unit, findings);
  report_statics(unit, findings);
  report_kept_values(unit, findings);
  report_signatures(unit, findings);
  report_lambdas(unit, findings);
  report_control(unit, findings);
  report_locks(unit, findings);
  report_clocks(unit, findings);
  report_ownership(unit, findings);
  report_new_effects(unit, findings);
  report_filters(unit, findings);
  report_results(unit, findings);
  report_meaning(unit, findings);
  report_units(unit, findings);
  report_taken(unit, findings);
  report_both_sides(unit, findings);
  report_encodings(unit, findings);
  report_floats(unit, findings);
  report_inlined(unit, findings);
  report_terminators(unit, findings);
  report_records(unit, findings);
  report_state(unit, findings);
  report_lookup(unit, findings);
  report_keys(unit, findings);
  report_sorting(unit, findings);
  report_new_states(unit, findings);
  report_promises(unit, findings);
  report_reach(unit, findings);
  report_identity(unit, findings);
  reviewed.references = references_of(unit);
  reviewed.unprepared = unprepared_in(unit);
  return reviewed;
}

/// Variables that code of the patch reads, and that no code of the patch sets first.
void report_unprepared(const std::vector<Reviewed>& units, Findings& findings) {
  References all;
  for (const Reviewed& unit : units)
    for (const auto& [from, names] : unit.references) all[from].insert(names.begin(), names.end());
  const Names known = reached(all);
  const auto is_reached = [&](const std::string& name) { return known.contains(name); };
  for (const Reviewed& unit : units)
    for (const Unprepared& one : unit.unprepared)
      if (std::ranges::none_of(one.writers, is_reached) && std::ranges::any_of(one.readers, is_reached))
        findings.add(one.variable, one.finding);
}

}  // namespace

std::vector<Finding> review(const std::vector<UnitPair>& units, unsigned jobs) {
  std::vector<Reviewed> of_units(units.size());
  for_each_index(units.size(), jobs, [&](std::size_t i) { of_units[i] = review_unit(units[i]); });
  Findings all;
  for (const Reviewed& unit : of_units) all.merge(unit.findings);
  report_unprepared(of_units, all);
  return all.sorted();
}

}  // namespace stent::review
