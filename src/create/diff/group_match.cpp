#include "create/diff/group_match.hpp"

#include <algorithm>
#include <iterator>

#include "create/diff/scoped_name.hpp"

namespace stent::diff {
namespace {

using model::AtomId;

std::set<std::string> function_labels(const ObjectIndex& index) {
  std::set<std::string> labels;
  for (std::uint32_t i = 0; i < index.size(); ++i)
    if (index[AtomId{i}].kind == AtomClass::function) labels.insert(index.label({i}));
  return labels;
}

std::map<std::string, std::set<std::string>> callers_of(const ObjectIndex& index) {
  std::map<std::string, std::set<std::string>> callers;
  for (std::uint32_t i = 0; i < index.size(); ++i)
    if (index[AtomId{i}].kind == AtomClass::function)
      callers[index.label({i})].insert(index[AtomId{i}].referrers.begin(), index[AtomId{i}].referrers.end());
  return callers;
}

}  // namespace

GroupMatch::GroupMatch(const ObjectIndex& old_index, const ObjectIndex& new_index, Correspondence& result)
    : old_index_(&old_index),
      new_index_(&new_index),
      result_(&result),
      old_labels_(function_labels(old_index)),
      new_labels_(function_labels(new_index)),
      old_callers_(callers_of(old_index)),
      new_callers_(callers_of(new_index)),
      are_lambdas_renumbered_(are_lambdas_renumbered()) {}

// A function that exists in one build only was inlined into its callers in the other: they own its statics,
// too.
GroupMatch::Members GroupMatch::members(const std::vector<AtomId>& atoms, const ObjectIndex& here,
                                        const std::set<std::string>& known_there,
                                        const std::map<std::string, std::set<std::string>>& callers) const {
  Members result;
  for (const AtomId atom : atoms) {
    const auto& direct = here[atom].referrers;
    std::set<std::string> owners(direct.begin(), direct.end());
    std::vector<std::string> open(owners.begin(), owners.end());
    while (!open.empty()) {
      const std::string owner = std::move(open.back());
      open.pop_back();
      const auto found = callers.find(owner);
      if (found == callers.end() || known_there.contains(owner)) continue;
      for (const std::string& caller : found->second)
        if (owners.insert(caller).second) open.push_back(caller);
    }
    std::erase_if(owners, [&](const std::string& owner) {
      return callers.contains(owner) && !known_there.contains(owner);
    });
    result.push_back({atom, {owners.begin(), owners.end()}, here.shape(atom)});
  }
  return result;
}

std::vector<std::vector<std::size_t>> GroupMatch::candidates(const Members& from, const Members& to,
                                                             Evidence evidence) {
  std::map<std::string, std::vector<std::size_t>> by_owner;
  for (std::size_t i = 0; i < to.size(); ++i)
    for (const std::string& owner : to[i].owners) by_owner[owner].push_back(i);
  const bool need_shape =
      evidence == Evidence::same_referrers_and_shape || evidence == Evidence::overlap_and_shape;
  const bool need_same =
      evidence == Evidence::same_referrers_and_shape || evidence == Evidence::same_referrers;
  std::vector<std::vector<std::size_t>> result(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::set<std::size_t> found;
    for (const std::string& owner : from[i].owners) {
      const auto bucket = by_owner.find(owner);
      if (bucket == by_owner.end()) continue;
      for (const std::size_t j : bucket->second)
        if ((!need_shape || from[i].shape == to[j].shape) && (!need_same || from[i].owners == to[j].owners))
          found.insert(j);
      if (need_same) break;  // equal sets share every owner: one bucket holds all of them
    }
    result[i].assign(found.begin(), found.end());
  }
  return result;
}

bool GroupMatch::accept(Members& olds, Members& news, Evidence evidence) const {
  const auto of_old = candidates(olds, news, evidence);
  const auto of_new = candidates(news, olds, evidence);
  bool any = false;
  for (std::size_t i = 0; i < olds.size(); ++i)
    if (of_old[i].size() == 1 && of_new[of_old[i].front()].size() == 1) {
      result_->pair(olds[i].atom, news[of_old[i].front()].atom);
      any = true;
    }
  if (any) drop_paired(olds, news);
  return any;
}

// Equal constants that the compiler made: any of them serves as well as another.
void GroupMatch::pair_interchangeable(Members& olds, Members& news) const {
  std::map<std::uint64_t, std::vector<AtomId>> by_shape;
  for (const Member& member : olds) by_shape[member.shape].push_back(member.atom);
  for (auto& [shape, atoms] : by_shape) std::reverse(atoms.begin(), atoms.end());
  for (const Member& member : news) {
    if (!is_compiler_made(new_index_->object()[member.atom].name)) continue;
    const auto found = by_shape.find(member.shape);
    if (found == by_shape.end() || found->second.empty()) continue;
    result_->pair(found->second.back(), member.atom);
    found->second.pop_back();
  }
  drop_paired(olds, news);
}

bool GroupMatch::is_variable(AtomId new_atom) const {
  const AtomClass kind = (*new_index_)[new_atom].kind;
  return kind == AtomClass::variable || kind == AtomClass::tls;
}

bool GroupMatch::are_lambdas_renumbered() const {
  for (std::uint32_t i = 0; i < old_index_->size(); ++i) {
    const auto counterpart = result_->new_of_old[i];
    if (!counterpart || (*old_index_)[AtomId{i}].kind != AtomClass::function) continue;
    const std::string& before = old_index_->object()[AtomId{i}].name;
    const std::string& after = new_index_->object()[*counterpart].name;
    if (without_suffix(before) != without_suffix(after) && lambda_name(before)) return true;
  }
  return false;
}

// As many lambdas as before, and those that did not change are paired: the rest keep their order.
void GroupMatch::pair_lambdas_in_order(Members& olds, Members& news) const {
  for (const Member& before : olds)
    for (const Member& after : news) {
      const std::string& name = old_index_->object()[before.atom].name;
      if (name == new_index_->object()[after.atom].name && lambda_name(name) &&
          result_->is_free(before.atom, after.atom))
        result_->pair(before.atom, after.atom);
    }
  drop_paired(olds, news);
}

void GroupMatch::drop_paired(Members& olds, Members& news) const {
  std::erase_if(olds, [&](const Member& m) { return result_->new_of_old[m.atom.value].has_value(); });
  std::erase_if(news, [&](const Member& m) { return result_->old_of_new[m.atom.value].has_value(); });
}

void GroupMatch::match(const Group& group) const {
  Members olds = members(group.olds, *old_index_, new_labels_, old_callers_);
  Members news = members(group.news, *new_index_, old_labels_, new_callers_);
  drop_paired(olds, news);
  // What a variable is set to at the start does not tell which it is.
  const bool by_content = group.news.empty() || !is_variable(group.news.front());
  for (const Evidence evidence : {Evidence::same_referrers_and_shape, Evidence::same_referrers,
                                  Evidence::overlap_and_shape, Evidence::overlap}) {
    const bool needs_content =
        evidence == Evidence::same_referrers_and_shape || evidence == Evidence::overlap_and_shape;
    while ((by_content || !needs_content) && accept(olds, news, evidence)) {
    }
  }
}

void GroupMatch::finish(const Group& group) const {
  Members olds = members(group.olds, *old_index_, new_labels_, old_callers_);
  Members news = members(group.news, *new_index_, old_labels_, new_callers_);
  drop_paired(olds, news);
  if (olds.size() == news.size() && !are_lambdas_renumbered_) pair_lambdas_in_order(olds, news);
  pair_interchangeable(olds, news);
  auto open = candidates(news, olds, Evidence::overlap);
  // Owners that exist in one build only tell nothing: it could be any that lost its owner as well.
  for (std::size_t i = 0; i < news.size(); ++i)
    for (std::size_t j = 0; j < olds.size(); ++j)
      if (news[i].owners.empty() && olds[j].owners.empty()) open[i].push_back(j);
  for (std::size_t i = 0; i < news.size(); ++i) {
    const AtomClass kind = (*new_index_)[news[i].atom].kind;
    if (kind == AtomClass::constant)
      result_->ambiguous[news[i].atom.value] = std::any_of(
          open[i].begin(), open[i].end(), [&](std::size_t j) { return olds[j].shape == news[i].shape; });
    else if (kind != AtomClass::function)
      result_->ambiguous[news[i].atom.value] = !open[i].empty();
  }
}

}  // namespace stent::diff
