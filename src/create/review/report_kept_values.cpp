#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/statics.hpp"

namespace stent::review {
namespace {

using dwarf::Variable;

/// Functions of the new build that store to the variable, and that the old one had.
std::set<std::string> old_writers(const ReviewedUnit& unit, const Variable& variable) {
  std::set<std::string> found = writers(unit.after, variable);
  std::erase_if(found, [&](const std::string& name) { return unit.before.find(name) == nullptr; });
  return found;
}

/// True when something of the variable has memory in the new build that it did not have in the old one.
bool gains_memory(const Variable& before, const Variable& after) {
  if (!after.has_address) return false;
  if (!before.has_address) return true;
  return !before.parts.empty() && !std::ranges::includes(before.parts, after.parts);
}

/// True when a part of a variable that the compiler splits has no memory any more.
bool loses_part(const Variable& before, const Variable& after) {
  return after.has_address && !before.parts.empty() && !std::ranges::includes(after.parts, before.parts);
}

Finding about_value(const Variable& before, const Variable& after, Level level, const char* kind) {
  Finding finding;
  finding.level = level;
  finding.kind = kind;
  finding.old_place = before.place;
  finding.new_place = after.place;
  finding.remedy = "let the new code do without what was stored there, or keep the variable in use as it was";
  return finding;
}

}  // namespace

void report_kept_values(const ReviewedUnit& unit, Findings& findings) {
  const auto olds = variables(unit.before);
  for (const auto& [name, after] : variables(unit.after)) {
    const auto found = olds.find(name);
    if (found == olds.end() || after->is_declaration || after->is_const) continue;
    const Variable& before = *found->second;
    if (before.is_declaration || before.is_const) continue;
    if (loses_part(before, *after)) {
      Finding finding = about_value(before, *after, Level::review, "static-removed");
      finding.message = fmt::format("a part of {} has no memory of its own any more", after->name);
      finding.why =
          "nothing stores there in the new build, so that its code takes the initial value for the live one";
      findings.add(name, std::move(finding));
    }
    if (gains_memory(before, *after)) {
      const std::set<std::string> writers = old_writers(unit, *after);
      Finding finding =
          about_value(before, *after, writers.empty() ? Level::note : Level::review, "static-revived");
      finding.message =
          fmt::format("nothing read {}{} before, so that the compiler left it out; it is read now",
                      before.has_address ? "a part of " : "", after->name);
      finding.why =
          "what the old code would have stored there was never stored: it starts at its initial value";
      finding.functions.assign(writers.begin(), writers.end());
      findings.add(name, std::move(finding));
    } else if (before.has_address && after->has_address && before.parts == after->parts &&
               before.code != after->code) {
      Finding finding = about_value(before, *after, Level::review, "static-encoding");
      finding.message = fmt::format("{} is kept in memory in another form", after->name);
      finding.why = "the compiler stores only which of a few values it is, and those are others now";
      findings.add(name, std::move(finding));
    }
  }
}

}  // namespace stent::review
