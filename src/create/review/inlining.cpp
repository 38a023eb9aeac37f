#include "create/review/inlining.hpp"

#include <algorithm>

#include "create/diff/object_index.hpp"
#include "create/review/absorb_helpers.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

using Names = std::set<std::string>;

bool is_local(const model::Object& object, const std::string& name) {
  return std::ranges::any_of(object.symbols, [&](const model::Symbol& symbol) {
    return symbol.name == name && symbol.definition && symbol.binding == model::SymbolBinding::local;
  });
}

/// Only called, by functions whose code is known.
bool is_only_called(const Side& side, const std::string& called) {
  const auto users = side.callers.find(called);
  if (users == side.callers.end() || side.data_users.contains(called)) return false;
  return std::ranges::all_of(users->second, [&](const std::string& user) {
    const auto facts = side.facts.find(user);
    return facts != side.facts.end() && !facts->second.addressed.contains(called) &&
           !facts->second.escaping.contains(called);
  });
}

bool is_helper(const Side& side, const std::string& name) {
  const FunctionFacts* facts = side.find(name);
  return facts != nullptr && !is_library_code(name) && can_be_absorbed(*facts) &&
         is_only_called(side, diff::without_ordinals(name));
}

/// Helpers that call helpers come after those.
Names absorb_all(Side& side, Names helpers) {
  Names done;
  while (!helpers.empty()) {
    const auto next = std::ranges::find_if(helpers, [&](const std::string& name) {
      return std::ranges::none_of(helpers, [&](const std::string& other) {
        return side.find(name)->calls_to(diff::without_ordinals(other));
      });
    });
    if (next == helpers.end()) break;  // they call each other in a circle
    const FunctionFacts part = *side.find(*next);
    const std::string called = diff::without_ordinals(*next);
    for (const std::string& user : side.callers.at(called))
      if (user != part.name) absorb_calls(side.facts.at(user), part, called);
    // A helper of this one is a helper of its callers now.
    for (auto& [name, users] : side.callers)
      if (std::ranges::find(users, part.name) != users.end())
        users.insert(users.end(), side.callers.at(called).begin(), side.callers.at(called).end());
    done.insert(*next);
    helpers.erase(next);
  }
  return done;
}

void absorb_added(ReviewedUnit& unit) {
  Names helpers;
  for (const FunctionFacts* added : unit.added)
    if (!unit.comes_along(added->name) && is_helper(unit.after, added->name)) helpers.insert(added->name);
  for (const std::string& name : absorb_all(unit.after, helpers)) {
    if (!is_local(*unit.after.object, name)) continue;  // others can call it, too
    std::erase_if(unit.added, [&](const FunctionFacts* added) { return added->name == name; });
    unit.after.facts.erase(name);
  }
}

void absorb_removed(ReviewedUnit& unit) {
  Names helpers;
  for (const std::string& removed : unit.removed)
    if (is_helper(unit.before, removed)) helpers.insert(removed);
  static_cast<void>(absorb_all(unit.before, helpers));
}

/// `host` calls in `side` what its other version has inlined.
void absorb_inlined(Side& side, const std::string& host, const FunctionFacts& other,
                    const dwarf::Function* declared) {
  if (declared == nullptr) return;
  Names callees;
  for (const Call& call : side.facts.at(host).calls) callees.insert(call.name);
  for (const std::string& called : callees) {
    const FunctionFacts* part = side.find(called);
    if (part == nullptr || part->name == host || is_library_code(called) || other.calls_to(called) ||
        !can_be_absorbed(*part))
      continue;
    const std::string base = model::parse_name(called).base;
    const bool is_inlined = std::ranges::any_of(
        declared->inlined, [&](const dwarf::InlinedCall& call) { return call.name == base; });
    if (!is_inlined) continue;
    const FunctionFacts copy = *part;
    absorb_calls(side.facts.at(host), copy, called);
  }
}

}  // namespace

void align_inlining(ReviewedUnit& unit) {
  absorb_added(unit);
  absorb_removed(unit);
  for (const FunctionPair& pair : unit.changed) {
    absorb_inlined(unit.after, pair.after->name, *pair.before, pair.old_declaration);
    absorb_inlined(unit.before, pair.before->name, *pair.after, pair.new_declaration);
  }
}

}  // namespace stent::review
