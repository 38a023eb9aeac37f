#include "create/diff/start_code.hpp"

#include <algorithm>
#include <map>

namespace stent::diff {
namespace {

using model::AtomId;

bool is_start_list(const model::Atom& atom) {
  return atom.section.starts_with(".init_array") || atom.section.starts_with(".preinit_array") ||
         atom.section.starts_with(".ctors");
}

/// What stands for an atom in the graph of references: a function's fragments are its entry.
AtomId owner(const ObjectIndex& index, AtomId id) {
  const auto function = index[id].function;
  return function ? index.object()[*function].entry : id;
}

using Users = std::map<AtomId, std::set<AtomId>>;

Users users_of_functions(const ObjectIndex& index) {
  Users users;
  for (std::uint32_t i = 0; i < index.size(); ++i)
    for (const model::Reference& reference : index.object().atoms[i].references) {
      if (!reference.place) continue;
      const AtomId target = owner(index, reference.place->atom);
      const AtomId from = owner(index, {i});
      if (index[target].is_entry && target != from) users[target].insert(from);
    }
  return users;
}

}  // namespace

std::set<AtomId> start_code(const ObjectIndex& index) {
  const Users users = users_of_functions(index);
  std::set<AtomId> found;
  // Inside one section the assembler resolves calls, and no reference is left to follow.
  for (std::uint32_t i = 0; i < index.size(); ++i)
    if (const AtomFacts& facts = index[AtomId{i}];
        facts.is_entry && !facts.is_global && index.object().atoms[i].section.starts_with(".text.startup"))
      found.insert({i});
  for (bool grows = true; grows;) {
    grows = false;
    for (const auto& [function, from] : users) {
      if (index[function].is_global || found.contains(function)) continue;
      const bool only_start = std::all_of(from.begin(), from.end(), [&](AtomId user) {
        return found.contains(user) || is_start_list(index.object()[user]);
      });
      if (only_start) grows = found.insert(function).second;
    }
  }
  return found;
}

}  // namespace stent::diff
