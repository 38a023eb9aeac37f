#include "create/review/come_along.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>

#include "create/diff/object_index.hpp"
#include "create/review/statics.hpp"

namespace stent::review {
namespace {

Names globals_of(const model::Object& object) {
  Names names;
  for (const model::Symbol& symbol : object.symbols)
    if (!symbol.definition || diff::is_global(symbol)) names.insert(symbol.name);
  return names;
}

/// The name, with the unit's before it when no other unit knows it.
class Qualify {
 public:
  explicit Qualify(const ReviewedUnit& unit) : unit_(&unit), globals_(globals_of(*unit.after.object)) {}

  std::string operator()(const std::string& name) const {
    return globals_.contains(name) ? name : unit_->pair.source + ":" + name;
  }

 private:
  const ReviewedUnit* unit_;
  Names globals_;
};

void report_parts(const ReviewedUnit& unit, Findings& findings) {
  if (unit.pair.brought.empty()) return;
  Finding finding;
  finding.level = Level::note;
  finding.kind = "comes-along";
  finding.message = fmt::format("{}: {} come along: the target was linked without them", unit.pair.source,
                                fmt::join(unit.pair.brought, ", "));
  finding.why = "they are new to the process; data among them starts at its initial value";
  findings.add(unit.pair.source, std::move(finding));
}

}  // namespace

References references_of(const ReviewedUnit& unit) {
  const Qualify qualify(unit);
  References all;
  const auto add = [&](const std::string& from, const FunctionFacts& facts) {
    for (const std::string& name : facts.names) all[from].insert(qualify(name));
  };
  for (const FunctionPair& pair : unit.changed) add("", *pair.after);
  for (const FunctionFacts* added : unit.added) add(qualify(added->name), *added);
  for (const auto& [name, users] : unit.after.data_users)
    for (const std::string& user : users) all[qualify(user)].insert(qualify(name));
  return all;
}

Names reached(const References& references) {
  Names all;
  std::deque<std::string> open = {""};
  while (!open.empty()) {
    const auto from = references.find(open.front());
    open.pop_front();
    if (from == references.end()) continue;
    for (const std::string& name : from->second)
      if (all.insert(name).second) open.push_back(name);
  }
  return all;
}

std::vector<Unprepared> unprepared_in(const ReviewedUnit& unit) {
  std::vector<Unprepared> all;
  const Qualify qualify(unit);
  for (const dwarf::Variable& variable : unit.after.debug.variables) {
    if (!variable.has_address || variable.is_const || variable.is_declaration) continue;
    if (!unit.comes_along(variable.linkage_name)) continue;
    const Names setters = writers(unit.after, variable);
    Unprepared one;
    for (const std::string& name : setters) one.writers.insert(qualify(name));
    for (const std::string& name : users(unit.after, variable))
      if (!setters.contains(name)) one.readers.insert(qualify(name));
    if (setters.empty() || one.readers.empty()) continue;
    one.variable = variable.name;
    one.finding.kind = "unprepared";
    one.finding.level = Level::review;
    one.finding.message = fmt::format("{} is set by {} alone, which nothing of the patch calls",
                                      variable.name, fmt::join(setters, ", "));
    one.finding.why =
        "a program that begins with the new build calls it first; the process that lives on never did";
    one.finding.remedy = "call it in new code before the first use, or from a hook";
    one.finding.functions.assign(setters.begin(), setters.end());
    one.finding.new_place = variable.place;
    all.push_back(std::move(one));
  }
  return all;
}

void report_come_along(const ReviewedUnit& unit, Findings& findings) {
  if (!unit.comes_along()) return report_parts(unit, findings);
  Finding finding;
  finding.level = Level::note;
  finding.kind = "comes-along";
  finding.message =
      fmt::format("{} comes along as a whole, with {} functions: the target was linked without it",
                  unit.pair.source, unit.added.size());
  finding.why = "all of its code and its data are new to the process";
  findings.add(unit.pair.source, std::move(finding));
}

}  // namespace stent::review
