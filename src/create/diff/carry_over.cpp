#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "create/diff/change_set.hpp"
#include "create/diff/select.hpp"

namespace stent::diff {
namespace {

using model::AtomId;
using model::FunctionId;

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::refused, name + " " + why + " when it is compiled to go through the GOT",
              "write the fix so that it needs no new data of other modules");
}

/// Functions that only one has the name of.
std::map<std::string, FunctionId> by_name(const ObjectIndex& index) {
  std::map<std::string, FunctionId> found;
  std::set<std::string> twice;
  for (std::uint32_t i = 0; i < index.object().functions.size(); ++i)
    if (!found.emplace(index.name(FunctionId{i}), FunctionId{i}).second)
      twice.insert(index.name(FunctionId{i}));
  for (const std::string& name : twice) found.erase(name);
  return found;
}

std::set<std::string> names_of(const ChangeSet& changes, ChangeKind kind) {
  std::set<std::string> names;
  for (const FunctionChange& change : changes.functions)
    if (change.kind == kind) names.insert(change.name);
  return names;
}

}  // namespace

ChangeSet carry_over(const model::Object& old_object, const model::Object& new_object,
                     const ChangeSet& decided, const model::Object& again) {
  const ObjectIndex old_index(old_object), again_index(again);
  const Correspondence correspondence = correspond(old_index, again_index);
  const Sameness sameness(old_index, again_index, correspondence);
  const auto there = by_name(again_index), before = by_name(ObjectIndex(new_object));
  ChangeSet result;
  std::vector<FunctionId> changed;
  for (FunctionChange change : decided.functions) {
    if (change.kind != ChangeKind::changed) continue;
    const auto found = there.find(change.name);
    if (found == there.end() || !before.contains(change.name)) refuse(change.name, "is not one function");
    const auto old_entry = correspondence.old_of_new[again[found->second].entry.value];
    if (old_entry != old_object[*change.old_function].entry) refuse(change.name, "is not the same function");
    change.new_function = found->second;
    change.new_place.reset();
    changed.push_back(found->second);
    result.functions.push_back(std::move(change));
  }
  Selection selection = select(again_index, correspondence, sameness, changed);
  result.refusals = std::move(selection.refusals);
  for (const FunctionId added : selection.added)
    result.functions.push_back({ChangeKind::added, again_index.name(added), {}, added, {}});
  for (const std::string& name : names_of(result, ChangeKind::added))
    if (!names_of(decided, ChangeKind::added).contains(name)) refuse(name, "is a new function only");
  result.old_atom = correspondence.old_of_new;
  for (std::uint32_t i = 0; i < again_index.size(); ++i) {
    if (!selection.atoms[i]) continue;
    result.selected.push_back({i});
    if (again_index[AtomId{i}].kind != AtomClass::function) result.old_atom[i].reset();
  }
  return result;
}

}  // namespace stent::diff
