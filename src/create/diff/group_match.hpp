// Matching atoms that share a key (statics of one name in several functions, clones) by evidence.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "create/diff/correspondence.hpp"
#include "create/diff/object_index.hpp"

namespace stent::diff {

/// One group: all atoms of equal key, of both objects.
struct Group {
  std::vector<model::AtomId> olds, news;
};

/// Pairs the members of a group by who refers to them and what they hold, and marks what stays ambiguous.
class GroupMatch {
 public:
  GroupMatch(const ObjectIndex& old_index, const ObjectIndex& new_index, Correspondence& result);

  /// By evidence alone.
  void match(const Group& group) const;
  /// What is left after that, of all groups: by order where that is no guess, else ambiguous.
  void finish(const Group& group) const;

 private:
  enum class Evidence { same_referrers_and_shape, same_referrers, overlap_and_shape, overlap };
  struct Member {
    model::AtomId atom;
    std::vector<std::string> owners;
    std::uint64_t shape = 0;
  };
  using Members = std::vector<Member>;

  [[nodiscard]] Members members(const std::vector<model::AtomId>& atoms, const ObjectIndex& here,
                                const std::set<std::string>& known_there,
                                const std::map<std::string, std::set<std::string>>& callers) const;
  [[nodiscard]] static std::vector<std::vector<std::size_t>> candidates(const Members& from,
                                                                        const Members& to, Evidence evidence);
  bool accept(Members& olds, Members& news, Evidence evidence) const;
  [[nodiscard]] bool is_variable(model::AtomId new_atom) const;
  void pair_lambdas_in_order(Members& olds, Members& news) const;
  void pair_interchangeable(Members& olds, Members& news) const;
  void drop_paired(Members& olds, Members& news) const;

  /// Lambdas are counted otherwise than before: the ordinal in a name tells nothing.
  [[nodiscard]] bool are_lambdas_renumbered() const;

  const ObjectIndex* old_index_;
  const ObjectIndex* new_index_;
  Correspondence* result_;
  std::set<std::string> old_labels_, new_labels_;
  std::map<std::string, std::set<std::string>> old_callers_, new_callers_;
  bool are_lambdas_renumbered_;
};

}  // namespace stent::diff
