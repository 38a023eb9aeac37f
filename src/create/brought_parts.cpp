#include "create/brought_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "create/unresolved_names.hpp"

namespace stent::create {
namespace {

using Names = std::set<std::string>;

/// Unchanged, carried all the same, and with a name of its own.
bool is_brought(const bind::BoundUnit& unit, model::AtomId id) {
  const diff::ChangeSet& changes = *unit.changes;
  const bool is_old = id.value < changes.old_atom.size() && changes.old_atom[id.value].has_value();
  const std::string& name = (*unit.new_object)[id].name;
  return is_old && !std::ranges::binary_search(changes.selected, id) && !name.empty() &&
         !name.starts_with(".L") && !name.starts_with("DW.ref.");
}

bool is_variable(const model::Atom& atom) {
  return atom.kind == model::AtomKind::writable || atom.kind == model::AtomKind::zero;
}

/// Those that the dynamic loader would make one with another module's of the same name.
Names variables_for_all(const bind::BoundUnit& unit) {
  Names names;
  for (const model::Symbol& symbol : unit.new_object->symbols) {
    if (symbol.binding == model::SymbolBinding::local || !symbol.definition ||
        symbol.visibility != model::SymbolVisibility::normal)
      continue;
    const model::AtomId id = symbol.definition->atom;
    const bool is_selected = std::ranges::binary_search(unit.selected, id);
    if (is_selected && is_brought(unit, id) && is_variable((*unit.new_object)[id])) names.insert(symbol.name);
  }
  return names;
}

void refuse_shared(const bind::BoundUnit& unit, const model::Image& target) {
  const Names names = variables_for_all(unit);
  if (names.empty()) return;
  const Names alone = without_library_names(names, target);
  for (const std::string& name : names)
    if (!alone.contains(name))
      throw Error(
          ErrorCode::refused,
          fmt::format("new code needs {} of {}, which {} was linked without and a library of it defines too: "
                      "there would be two",
                      name, unit.new_object->source, target.path.filename().string()),
          "do without it in the new code, or reach it through a function of that library");
}

}  // namespace

BroughtParts brought_parts(const std::vector<ChosenUnit>& units, const std::vector<bind::BoundUnit>& bound,
                           const model::Image& target) {
  BroughtParts brought;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const bind::BoundUnit& unit = bound.at(i);
    refuse_shared(unit, target);
    for (const model::AtomId id : unit.selected)
      if (is_brought(unit, id)) brought[units[i].unit->pair.source].insert((*unit.new_object)[id].name);
  }
  return brought;
}

}  // namespace stent::create
