#include "create/needed_spares.hpp"

#include <elf.h>
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"
#include "create/bind/brought_globals.hpp"
#include "create/unresolved_names.hpp"

namespace stent::create {
namespace {

using Names = std::set<std::string>;

/// Globals, and what linkers made local of them: that stands in no unit's block.
Names globals_in(const model::Image& target) {
  Names names;
  for (const model::ImageSymbol& symbol : target.symbols)
    if (symbol.binding != model::SymbolBinding::local || !symbol.file || target.files[*symbol.file].empty() ||
        symbol.visibility != model::SymbolVisibility::normal)
      names.insert(symbol.name);
  return names;
}

/// Without the blocks of units in its symbol table nothing tells whether a stripped target has a unit.
void require_symbols(const model::Image& target, const std::string& name, const std::string& source) {
  if (!target.files.empty()) return;
  throw Error(ErrorCode::refused,
              fmt::format("{} defines {}, and nothing tells whether {} was linked with it: it has no symbols",
                          source, name, target.path.filename().string()),
              "give the target's debug file (--debug-root)");
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

/// What the relocatable `object` defines for other units. (A whole tree of objects may have to be asked.)
Names globals_of(const std::filesystem::path& object) {
  const elf::File file(object);
  Names names;
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_SYMTAB) continue;
    for (const elf::RawSymbol& symbol : file.symbols(section))
      if (symbol.binding == STB_GLOBAL && symbol.section != SHN_UNDEF) names.insert(symbol.name);
  }
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

/// By name, then by source.
using Definers = std::map<std::string, std::map<std::string, compile::SpareUnit>>;

/// Of the names that are `open`, among units of which the target has nothing.
Definers definers_of(const Names& open, const std::vector<ChosenUnit>& chosen, const Names& present,
                     const std::vector<compile::SpareUnit>& spares) {
  const Names archives = linked_archives(chosen, spares);
  Definers definers;
  for (const compile::SpareUnit& spare : spares) {
    if (!spare.archive.empty() && !archives.contains(spare.archive)) continue;
    const Names globals = globals_of(spare.object);
    const auto is_present = [&](const std::string& name) { return present.contains(name); };
    if (std::ranges::any_of(globals, is_present)) continue;
    for (const std::string& name : globals)
      if (open.contains(name)) definers[name].emplace(spare.source, spare);
  }
  return definers;
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
                                      const compile::SpareFinder& find_spares, std::list<ComparedUnit>& again,
                                      std::vector<std::string>& notes) {
  const Names open = open_names(bound, target);
  if (open.empty()) return {};
  // A unit may have to be compiled to be asked, and most new names are of libraries.
  const Definers definers =
      definers_of(open, chosen, globals_in(target), find_spares(without_library_names(open, target)));
  std::vector<ChosenUnit> needed;
  for (const auto& [name, units] : definers) {
    const compile::SpareUnit& spare = units.begin()->second;
    const bool is_taken = std::ranges::any_of(
        needed, [&](const ChosenUnit& unit) { return unit.unit->pair.source == spare.source; });
    if (units.size() != 1)
      notes.push_back(fmt::format(
          "{} is defined by {} and others, and the target was linked with none of them", name, spare.source));
    if (units.size() != 1 || is_taken) continue;
    require_symbols(target, name, spare.source);
    again.push_back(as_new(spare, model::load_object(spare.object)));
    needed.push_back({&again.back(), {}});
    notes.push_back(
        fmt::format("{}: comes along, for {}: the target was linked without it", spare.source, name));
  }
  return needed;
}

}  // namespace stent::create
