#include <fmt/format.h>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

std::map<std::string, int> totals(const Side& side) {
  std::map<std::string, int> all;
  for (const auto& [name, facts] : side.facts)
    for (const Call& call : facts.calls) ++all[plain_name(call.name)];
  return all;
}

}  // namespace

void report_new_effects(const ReviewedUnit& unit, Findings& findings) {
  const auto olds = totals(unit.before);
  const auto report = [&](const std::string& function, const std::string& plain, const std::string& effect) {
    Finding finding;
    finding.level = Level::review;
    finding.kind = "new-effect";
    finding.message = fmt::format("{} calls {} newly: it {}", function, plain, effect);
    finding.why =
        "the process was set up (filters, limits, handlers, other threads) for what the old code does";
    finding.remedy = "do without it, or check that the process allows and expects it";
    finding.functions = {function};
    if (const auto* declared = unit.after.declaration(function)) finding.new_place = declared->place;
    findings.add(plain, std::move(finding));
  };
  for (const auto& [plain, count] : totals(unit.after)) {
    const auto before = olds.find(plain);
    const int had = before == olds.end() ? 0 : before->second;
    std::string effect = new_effect(plain);
    if (effect.empty() && had == 0 && may_be_forbidden(plain))
      effect = "makes a system call that this unit did not make";
    if (effect.empty() || count <= had) continue;
    for (const auto& [name, facts] : unit.after.facts)
      for (const Call& call : facts.calls)
        if (plain_name(call.name) == plain) report(name, plain, effect);
  }
  for (const FunctionPair& pair : unit.changed)
    if (pair.after->has_system_call && !pair.before->has_system_call)
      report(pair.name(), "syscall", "makes a system call by itself");
}

}  // namespace stent::review
