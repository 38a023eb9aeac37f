#include "create/diff/correspond.hpp"

#include <algorithm>
#include <unordered_map>

#include "create/diff/group_match.hpp"
#include "create/diff/scoped_name.hpp"

namespace stent::diff {
namespace {

using model::AtomId;
using model::FunctionId;
using Groups = std::map<std::string, Group>;

Groups group_by_key(const ObjectIndex& old_index, const ObjectIndex& new_index) {
  Groups groups;
  for (std::uint32_t i = 0; i < old_index.size(); ++i)
    if (!old_index[AtomId{i}].key.empty()) groups[old_index[AtomId{i}].key].olds.push_back({i});
  for (std::uint32_t i = 0; i < new_index.size(); ++i)
    if (!new_index[AtomId{i}].key.empty()) groups[new_index[AtomId{i}].key].news.push_back({i});
  return groups;
}

/// True when the key alone says which thing it is: a global, a static of the file, a function.
bool key_is_enough(const ObjectIndex& old_index, const ObjectIndex& new_index, const Group& group) {
  if (group.olds.size() != 1 || group.news.size() != 1) return false;
  const AtomFacts& before = old_index[group.olds.front()];
  const AtomFacts& after = new_index[group.news.front()];
  // gcc's "n.3" does not say of which function it is; clang's "f.n" does.
  const bool names_scope = !before.is_function_local || !before.key.ends_with(".#");
  return before.kind == AtomClass::function ||
         (names_scope && before.is_function_local == after.is_function_local);
}

void pair_unique_keys(const ObjectIndex& old_index, const ObjectIndex& new_index, const Groups& groups,
                      Correspondence& result) {
  for (const auto& [key, group] : groups)
    if (key_is_enough(old_index, new_index, group)) result.pair(group.olds.front(), group.news.front());
}

/// A variable of a function whose full name, signature included, is in both objects once. A trailing "_0"
/// counts variables of one name in one function, and lambdas are counted, too: such a name says nothing.
void pair_exact_static_locals(const ObjectIndex& old_index, const ObjectIndex& new_index,
                              const Groups& groups, Correspondence& result) {
  const auto counted = [](const std::string& name) {
    if (name.find('.') != std::string::npos || lambda_name(name)) return true;
    const std::size_t last = name.find_last_not_of("0123456789_");
    return last != std::string::npos && name.find('_', last) != std::string::npos;
  };
  for (const auto& [key, group] : groups) {
    if (group.olds.size() + group.news.size() < 3 || !key.starts_with("data ")) continue;
    std::map<std::string, Group> by_name;
    bool is_counted = false;
    for (const AtomId id : group.olds) by_name[old_index.object()[id].name].olds.push_back(id);
    for (const AtomId id : group.news) by_name[new_index.object()[id].name].news.push_back(id);
    for (const auto& [name, members] : by_name) is_counted = is_counted || counted(name);
    if (is_counted) continue;
    for (const auto& [name, members] : by_name)
      if (static_local_name(name) && members.olds.size() == 1 && members.news.size() == 1)
        result.pair(members.olds.front(), members.news.front());
  }
}

using Names = std::unordered_map<std::string, std::optional<AtomId>>;

/// Plain names (no ordinals, no parts) of atoms without a counterpart; a name used twice maps to nothing.
Names open_names(const ObjectIndex& index, const std::vector<std::optional<AtomId>>& paired) {
  Names names;
  for (std::uint32_t i = 0; i < index.size(); ++i) {
    const AtomFacts& facts = index[AtomId{i}];
    if (facts.key.empty() || paired[i] || facts.is_function_local || !facts.whole.empty()) continue;
    for (const model::SymbolId symbol : facts.symbols) {
      const std::string& name = index.object()[symbol].name;
      const auto [at, is_new] = names.try_emplace(name, AtomId{i});
      if (!is_new && at->second != AtomId{i}) at->second.reset();
    }
  }
  return names;
}

bool is_code(AtomClass kind) { return kind == AtomClass::function || kind == AtomClass::code; }

/// A name whose linkage changed (static before, global now), or an alias that became the main name.
void pair_same_names(const ObjectIndex& old_index, const ObjectIndex& new_index, Correspondence& result) {
  const Names olds = open_names(old_index, result.new_of_old);
  for (const auto& [name, after] : open_names(new_index, result.old_of_new)) {
    const auto before = olds.find(name);
    if (!after || before == olds.end() || !before->second) continue;
    if (is_code(old_index[*before->second].kind) != is_code(new_index[*after].kind)) continue;
    if (result.is_free(*before->second, *after)) result.pair(*before->second, *after);
  }
}

/// Data that two functions of equal code name at the same place is the same data, where all such places
/// agree.
class PlaceVotes {
 public:
  PlaceVotes(const ObjectIndex& old_index, const ObjectIndex& new_index)
      : old_index_(&old_index), new_index_(&new_index) {}

  void count(AtomId old_atom, AtomId new_atom) {
    const auto& before = old_index_->object()[old_atom].references;
    const auto& after = new_index_->object()[new_atom].references;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!before[i].place || !after[i].place) continue;
      const AtomId a = before[i].place->atom;
      const AtomId b = after[i].place->atom;
      if ((*old_index_)[a].key.empty() || (*old_index_)[a].key != (*new_index_)[b].key) continue;
      vote(of_old_[a.value], b);
      vote(of_new_[b.value], a);
    }
  }

  void apply(Correspondence& result) const {
    for (const auto& [old_atom, choice] : of_old_) {
      if (choice.is_split) continue;
      const Choice& back = of_new_.at(choice.atom->value);
      if (!back.is_split && result.is_free({old_atom}, *choice.atom)) result.pair({old_atom}, *choice.atom);
    }
  }

 private:
  struct Choice {
    std::optional<AtomId> atom;
    bool is_split = false;
  };
  static void vote(Choice& choice, AtomId atom) {
    choice.is_split = choice.is_split || (choice.atom && choice.atom != atom);
    choice.atom = atom;
  }

  const ObjectIndex* old_index_;
  const ObjectIndex* new_index_;
  std::map<std::uint32_t, Choice> of_old_, of_new_;
};

void pair_by_place(const ObjectIndex& old_index, const ObjectIndex& new_index, Correspondence& result) {
  PlaceVotes votes(old_index, new_index);
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    const auto counterpart = result.new_of_old[i];
    if (!counterpart || !is_code(old_index[AtomId{i}].kind)) continue;
    if (same_but_for_targets(old_index.object().atoms[i], new_index.object()[*counterpart]))
      votes.count({i}, *counterpart);
  }
  votes.apply(result);
}

void pair_fragments(const ObjectIndex& old_index, const ObjectIndex& new_index, Correspondence& result) {
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    const AtomFacts& before = old_index[AtomId{i}];
    if (!before.is_entry || !result.new_of_old[i]) continue;
    const AtomFacts& after = new_index[*result.new_of_old[i]];
    if (!after.function) continue;
    const auto& olds = old_index.object()[*before.function].fragments;
    const auto& news = new_index.object()[*after.function].fragments;
    if (olds.size() != news.size()) continue;
    for (std::size_t k = 0; k < olds.size(); ++k)
      if (result.is_free(olds[k], news[k]) && without_ordinals(old_index.object()[olds[k]].name) ==
                                                  without_ordinals(new_index.object()[news[k]].name))
        result.pair(olds[k], news[k]);
  }
}

void match_groups(const ObjectIndex& old_index, const ObjectIndex& new_index, const Groups& groups,
                  bool functions, Correspondence& result) {
  const auto is_of_these = [&](const Group& group) {
    return !group.olds.empty() && !group.news.empty() &&
           (new_index[group.news.front()].kind == AtomClass::function) == functions;
  };
  const GroupMatch match(old_index, new_index, result);
  for (const auto& [key, group] : groups)
    if (is_of_these(group)) match.match(group);
  const GroupMatch rest(old_index, new_index, result);
  for (const auto& [key, group] : groups)
    if (is_of_these(group)) rest.finish(group);
}

using Variables = std::unordered_map<std::string, std::vector<AtomId>>;

/// Atoms by mangled name; the fields into which clang split a variable are together.
Variables variables_by_name(const ObjectIndex& index) {
  Variables variables;
  for (std::uint32_t i = 0; i < index.size(); ++i)
    if (const std::string& name = index.object().atoms[i].name; name.starts_with("_Z"))
      variables[without_suffix(name)].push_back({i});
  return variables;
}

/// A guard belongs to its variable: where the two would go separate ways, neither is certain.
void part_guards_of_others(const ObjectIndex& old_index, const ObjectIndex& new_index,
                           Correspondence& result) {
  const Variables variables = variables_by_name(new_index);
  for (std::uint32_t i = 0; i < new_index.size(); ++i) {
    const auto guarded = guarded_name(new_index.object().atoms[i].name);
    const auto found = guarded ? variables.find(*guarded) : variables.end();
    if (found == variables.end()) continue;
    const auto old_guard = result.old_of_new[i];
    const auto old_name =
        old_guard ? guarded_name(old_index.object()[*old_guard].name) : std::optional<std::string>();
    for (const AtomId variable : found->second) {
      const auto before = result.old_of_new[variable.value];
      if (before ? old_name == without_suffix(old_index.object()[*before].name) : !old_guard) continue;
      result.ambiguous[i] = result.ambiguous[variable.value] = true;
      if (before) result.part(*before, variable);
      if (result.old_of_new[i]) result.part(*old_guard, {i});
    }
  }
}

}  // namespace

bool same_but_for_targets(const model::Atom& a, const model::Atom& b) {
  if (a.bytes.size() != b.bytes.size() || a.references.size() != b.references.size()) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i <= a.references.size(); ++i) {
    std::size_t end = a.bytes.size();
    std::size_t next = end;
    if (i < a.references.size()) {
      const model::Reference& reference = a.references[i];
      if (reference.offset != b.references[i].offset || reference.type != b.references[i].type) return false;
      end = std::min<std::size_t>(reference.offset, end);
      next = std::min<std::size_t>(end + x86_64::describe(reference.type).size, next);
    }
    if (at < end && !std::equal(a.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                a.bytes.begin() + static_cast<std::ptrdiff_t>(end),
                                b.bytes.begin() + static_cast<std::ptrdiff_t>(at)))
      return false;
    at = std::max(at, next);
  }
  return true;
}

Correspondence correspond(const ObjectIndex& old_index, const ObjectIndex& new_index) {
  Correspondence result;
  result.old_of_new.resize(new_index.size());
  result.new_of_old.resize(old_index.size());
  result.ambiguous.resize(new_index.size());
  const Groups groups = group_by_key(old_index, new_index);
  pair_unique_keys(old_index, new_index, groups, result);
  pair_exact_static_locals(old_index, new_index, groups, result);
  pair_same_names(old_index, new_index, result);
  match_groups(old_index, new_index, groups, true, result);
  pair_fragments(old_index, new_index, result);
  pair_by_place(old_index, new_index, result);
  match_groups(old_index, new_index, groups, false, result);
  part_guards_of_others(old_index, new_index, result);
  return result;
}

}  // namespace stent::diff
