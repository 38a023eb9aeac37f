#include "create/bind/share_copies.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"

namespace stent::bind {

namespace {

/// Selected atoms of section groups by the name that other units know them by.
std::map<std::string, model::AtomId> shared_atoms(const BoundUnit& unit) {
  std::map<std::string, model::AtomId> result;
  for (const model::Symbol& symbol : unit.new_object->symbols) {
    if (symbol.binding == model::SymbolBinding::local || !symbol.definition) continue;
    const model::AtomId id = symbol.definition->atom;
    if (symbol.definition->offset == 0 && (*unit.new_object)[id].in_group &&
        std::ranges::binary_search(unit.selected, id))
      result.emplace(symbol.name, id);
  }
  return result;
}

bool replaces(const BoundUnit& unit, model::AtomId id) {
  return std::ranges::any_of(unit.replaced, [&](const BoundFunction& function) {
    return (*unit.new_object)[function.new_function].entry == id;
  });
}

void give_up(BoundUnit& unit, model::AtomId id) {
  std::set<model::AtomId> parts{id};
  for (const model::Function& function : unit.new_object->functions)
    if (function.entry == id) parts.insert(function.fragments.begin(), function.fragments.end());
  std::erase_if(unit.selected, [&](model::AtomId atom) { return parts.contains(atom); });
  std::erase_if(unit.replaced, [&](const BoundFunction& function) {
    return (*unit.new_object)[function.new_function].entry == id;
  });
}

void require_one_size(const BoundUnit& a, model::AtomId of_a, const BoundUnit& b, model::AtomId of_b) {
  const model::Atom& mine = (*a.new_object)[of_a];
  const model::Atom& other = (*b.new_object)[of_b];
  if (mine.kind == model::AtomKind::code || mine.size == other.size) return;
  throw Error(ErrorCode::refused,
              "'" + mine.name + "' is defined differently by " + a.new_object->source + " and by " +
                  b.new_object->source,
              "a patch can hold one definition of a global name; make one of them static");
}

}  // namespace

void share_copies(std::vector<BoundUnit>& units) {
  std::map<std::string, std::pair<std::size_t, model::AtomId>> keepers;
  for (const bool replacing : {true, false})
    for (std::size_t i = 0; i < units.size(); ++i)
      for (const auto& [name, id] : shared_atoms(units[i]))
        if (!replacing || replaces(units[i], id)) keepers.try_emplace(name, i, id);
  for (std::size_t i = 0; i < units.size(); ++i)
    for (const auto& [name, id] : shared_atoms(units[i])) {
      const auto& [keeper, kept] = keepers.at(name);
      if (keeper == i) continue;
      require_one_size(units[i], id, units[keeper], kept);
      give_up(units[i], id);
    }
}

}  // namespace stent::bind
