#include <iterator>

#include "create/diff/change_set.hpp"
#include "create/diff/describe_difference.hpp"
#include "create/diff/refuse.hpp"
#include "create/diff/select.hpp"

namespace stent::diff {
namespace {

using model::AtomId;
using model::FunctionId;

std::vector<FunctionChange> changed_functions(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                              const Correspondence& correspondence,
                                              const Sameness& sameness) {
  std::vector<FunctionChange> changes;
  for (std::uint32_t i = 0; i < new_index.size(); ++i) {
    const AtomFacts& facts = new_index[AtomId{i}];
    const auto before = correspondence.old_of_new[i];
    if (!facts.is_entry || !before || sameness.same(*before, {i})) continue;
    const Difference& difference = sameness.difference(*before, {i});
    changes.push_back({ChangeKind::changed, new_index.name(*facts.function), old_index[*before].function,
                       facts.function, describe_difference(old_index, new_index, correspondence, difference),
                       model::Place{difference.old_atom, difference.offset},
                       model::Place{difference.new_atom, difference.offset}});
  }
  return changes;
}

std::vector<FunctionChange> removed_functions(const ObjectIndex& old_index,
                                              const Correspondence& correspondence) {
  std::vector<FunctionChange> changes;
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    const AtomFacts& facts = old_index[AtomId{i}];
    if (facts.is_entry && !correspondence.new_of_old[i])
      changes.push_back({ChangeKind::removed, old_index.name(*facts.function), facts.function, {}, {}});
  }
  return changes;
}

void append(auto& all, auto more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

ChangeSet compare(const model::Object& old_object, const model::Object& new_object) {
  const ObjectIndex old_index(old_object);
  const ObjectIndex new_index(new_object);
  const Correspondence correspondence = correspond(old_index, new_index);
  Sameness sameness(old_index, new_index, correspondence);

  ChangeSet result;
  result.refusals = refuse_data(old_index, new_index, correspondence, sameness);
  result.functions = changed_functions(old_index, new_index, correspondence, sameness);

  std::vector<FunctionId> changed;
  for (const FunctionChange& change : result.functions) changed.push_back(*change.new_function);
  Selection selection = select(new_index, correspondence, sameness, changed);
  append(result.refusals, std::move(selection.refusals));
  for (const FunctionId added : selection.added)
    result.functions.push_back({ChangeKind::added, new_index.name(added), {}, added, {}});
  append(result.refusals, refuse_functions(old_index, new_index, result.functions));
  append(result.functions, removed_functions(old_index, correspondence));

  result.old_atom = correspondence.old_of_new;
  for (std::uint32_t i = 0; i < new_index.size(); ++i) {
    if (!selection.atoms[i]) continue;
    result.selected.push_back({i});
    // A changed constant is carried under its name, but is not the old thing any more.
    if (new_index[AtomId{i}].kind != AtomClass::function) result.old_atom[i].reset();
  }
  return result;
}

}  // namespace stent::diff
