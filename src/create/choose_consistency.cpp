#include "create/choose_consistency.hpp"

#include <fmt/core.h>

namespace stent::create {
namespace {

/// Symbols of the functions that exist in the target and change.
std::vector<std::string> replaced_functions(const std::vector<ChosenUnit>& units) {
  std::vector<std::string> names;
  for (const auto& [unit, match] : units)
    for (const diff::FunctionChange& change : unit->changes->functions)
      if (change.kind == diff::ChangeKind::changed) names.push_back(change.name);
  return names;
}

}  // namespace

patch::Consistency choose_consistency(const Request& request, const std::vector<ChosenUnit>& units,
                                      std::vector<review::Finding>& findings) {
  if (!request.entry_by_entry) return patch::Consistency::all;
  std::vector<std::string> functions = replaced_functions(units);
  if (functions.size() > 1) {
    review::Finding finding;
    finding.id = finding.kind = "entry-by-entry";
    finding.level = review::Level::review;
    finding.message =
        fmt::format("{} functions changed together, and each switches on its own", functions.size());
    finding.why = "an old caller may meet a new callee, and a new caller an old frame";
    finding.remedy = "leave out --consistency entry, or make sure that every mix is right";
    finding.functions = std::move(functions);
    findings.push_back(std::move(finding));
  }
  return patch::Consistency::entry;
}

}  // namespace stent::create
