#include <algorithm>

#include "create/diff/correspond.hpp"
#include "create/diff/scoped_name.hpp"
#include "create/review/code_rules.hpp"

namespace stent::review {
namespace {

const model::Atom* code_of(const model::Object& object, const std::string& name) {
  for (const model::Function& function : object.functions)
    if (object[function.symbol].name == name) return &object[function.entry];
  return nullptr;
}

bool is_there_still(const ReviewedUnit& unit, const std::string& name, const std::string& lambda) {
  const model::Atom* before = code_of(*unit.before.object, name);
  if (before == nullptr) return true;
  return std::ranges::any_of(unit.after.object->functions, [&](const model::Function& function) {
    const model::Object& object = *unit.after.object;
    return diff::lambda_name(object[function.symbol].name) == lambda &&
           diff::same_but_for_targets(*before, object[function.entry]);
  });
}

}  // namespace

void report_lambdas(const ReviewedUnit& unit, Findings& findings) {
  const bool are_kept = std::ranges::any_of(unit.removed, [&](const std::string& name) {
    return diff::lambda_name(name) && unit.is_callable_from_outside(name);
  });
  if (!are_kept) return;
  for (const std::string& name : unit.removed) {
    const auto lambda = diff::lambda_name(name);
    if (!lambda || is_there_still(unit, name, *lambda)) continue;
    Finding finding;
    finding.level = Level::review;
    finding.kind = "function-removed";
    finding.message = name + " belongs to a lambda of which nothing tells what it is in the new source";
    finding.why = "objects that were made of it (std::function, callbacks) go on running the old code";
    finding.remedy = "put new lambdas behind the old ones of their function, so that each keeps its number";
    finding.functions = {name};
    if (const auto* declared = unit.before.declaration(name)) finding.old_place = declared->place;
    findings.add(name, std::move(finding));
  }
}

}  // namespace stent::review
