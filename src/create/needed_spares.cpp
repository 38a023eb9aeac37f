#include "create/needed_spares.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "create/bind/brought_globals.hpp"

namespace stent::create {
namespace {

using Names = std::set<std::string>;

Names names_in(const model::Image& target) {
  Names names;
  for (const model::ImageSymbol& symbol : target.symbols)
    if (symbol.binding != model::SymbolBinding::local) names.insert(symbol.name);
  return names;
}

/// What code of the patch leaves to the dynamic loader though the target never did.
Names open_names(const std::vector<bind::BoundUnit>& bound, const model::Image& target) {
  const Names brought = bind::brought_globals(bound);
  Names names;
  for (const bind::BoundUnit& unit : bound)
    for (const auto& [id, found] : unit.symbols) {
      const model::Symbol& symbol = (*unit.new_object)[id];
      const bool is_imported =
          std::ranges::find(target.imports, symbol.name, &model::Import::name) != target.imports.end();
      if (found.access == bind::Access::own_slot && symbol.binding == model::SymbolBinding::global &&
          std::holds_alternative<patch::DynamicSymbol>(found.binding.where) && !is_imported &&
          !brought.contains(symbol.name))
        names.insert(symbol.name);
    }
  return names;
}

Names globals_of(const model::Object& object) {
  Names names;
  for (const model::Symbol& symbol : object.symbols)
    if (symbol.binding == model::SymbolBinding::global && symbol.definition) names.insert(symbol.name);
  return names;
}

/// Archives of which the target has a member, by what of them changed.
Names linked_archives(const std::vector<ChosenUnit>& chosen, const std::vector<compile::SpareUnit>& spares) {
  Names archives;
  for (const compile::SpareUnit& spare : spares)
    if (!spare.archive.empty() && std::ranges::any_of(chosen, [&](const ChosenUnit& unit) {
          return unit.unit->pair.source == spare.source;
        }))
      archives.insert(spare.archive);
  return archives;
}

/// With nothing before it.
ComparedUnit as_new(const compile::SpareUnit& spare, model::Object object) {
  ComparedUnit unit{{spare.source, {}, spare.object, {}},
                    std::make_unique<model::Object>(),
                    std::make_unique<model::Object>(std::move(object)),
                    nullptr};
  unit.old_object->source = unit.new_object->source;
  unit.changes = std::make_unique<diff::ChangeSet>(diff::compare(*unit.old_object, *unit.new_object));
  return unit;
}

}  // namespace

std::vector<ChosenUnit> needed_spares(const std::vector<ChosenUnit>& chosen,
                                      const std::vector<bind::BoundUnit>& bound, const model::Image& target,
                                      const std::vector<compile::SpareUnit>& spares,
                                      std::list<ComparedUnit>& again, std::vector<std::string>& notes) {
  const Names open = spares.empty() ? Names{} : open_names(bound, target);
  if (open.empty()) return {};
  const Names present = names_in(target), archives = linked_archives(chosen, spares);
  std::map<std::string, std::map<std::string, const compile::SpareUnit*>> definers;  // by name, then source
  for (const compile::SpareUnit& spare : spares) {
    if (!spare.archive.empty() && !archives.contains(spare.archive)) continue;
    const Names globals = globals_of(model::load_object(spare.object));
    const auto is_present = [&](const std::string& name) { return present.contains(name); };
    if (std::ranges::any_of(globals, is_present)) continue;
    for (const std::string& name : globals)
      if (open.contains(name)) definers[name].emplace(spare.source, &spare);
  }
  std::vector<ChosenUnit> needed;
  for (const auto& [name, units] : definers) {
    const compile::SpareUnit& spare = *units.begin()->second;
    const bool is_taken = std::ranges::any_of(
        needed, [&](const ChosenUnit& unit) { return unit.unit->pair.source == spare.source; });
    if (units.size() != 1 || is_taken) continue;
    again.push_back(as_new(spare, model::load_object(spare.object)));
    needed.push_back({&again.back(), {}});
    notes.push_back(
        fmt::format("{}: comes along, for {}: the target was linked without it", spare.source, name));
  }
  return needed;
}

}  // namespace stent::create
