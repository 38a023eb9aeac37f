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

std::string base_name(const std::string& source) { return std::filesystem::path(source).filename().string(); }

/// What the target's symbol table tells of globals.
struct Present {
  Names globals;  ///< and what linkers made local of them, outside of any unit's block
  /// In the blocks of units, by the source's name, without ordinals: locals, and globals that some linkers
  /// (mold) make local.
  std::set<std::pair<std::string, std::string>> locals;
};

Present present_in(const model::Image& target) {
  Present present;
  for (const model::ImageSymbol& symbol : target.symbols)
    if (symbol.binding != model::SymbolBinding::local || !symbol.file || target.files[*symbol.file].empty() ||
        symbol.visibility != model::SymbolVisibility::normal)
      present.globals.insert(symbol.name);
    else
      present.locals.emplace(base_name(target.files[*symbol.file]), model::parse_name(symbol.name).base);
  return present;
}

/// Without the blocks of units in its symbol table nothing tells whether a stripped target has a unit.
void require_symbols(const model::Image& target, const std::string& name, const std::string& source) {
  if (!target.files.empty()) return;
  throw Error(ErrorCode::refused,
              fmt::format("{} defines {}, and nothing tells whether {} was linked with it: it has no symbols",
                          source, name, target.path.filename().string()),
              "give the target's debug file (--debug-root)");
}

/// What code of the patch leaves to the dynamic loader though the target never did, by symbols of `binding`.
Names open_names(const std::vector<bind::BoundUnit>& bound, const model::Image& target,
                 model::SymbolBinding binding) {
  const Names brought = bind::brought_globals(bound);
  Names names;
  for (const bind::BoundUnit& unit : bound)
    for (const auto& [id, found] : unit.symbols) {
      const model::Symbol& symbol = (*unit.new_object)[id];
      const bool is_imported =
          std::ranges::find(target.imports, symbol.name, &model::Import::name) != target.imports.end();
      if (found.access == bind::Access::own_slot && symbol.binding == binding &&
          std::holds_alternative<patch::DynamicSymbol>(found.binding.where) && !is_imported &&
          !brought.contains(symbol.name))
        names.insert(symbol.name);
    }
  return names;
}

struct Defined {
  std::string source;
  Names strong, weak, local;
};

bool has_name(const elf::RawSymbol& symbol) {
  return symbol.section != SHN_UNDEF && symbol.type != STT_SECTION && !symbol.name.empty() &&
         !symbol.name.starts_with(".L");
}

/// What the relocatable `object` defines. (A whole tree of objects may have to be asked.)
Defined defined_by(const std::filesystem::path& object) {
  const elf::File file(object);
  Defined names;
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_SYMTAB) continue;
    for (const elf::RawSymbol& symbol : file.symbols(section))
      if (symbol.type == STT_FILE)
        names.source = base_name(symbol.name);
      else if (has_name(symbol))
        (symbol.binding == STB_LOCAL    ? names.local
         : symbol.binding == STB_GLOBAL ? names.strong
                                        : names.weak)
            .insert(symbol.name);
  }
  return names;
}

bool is_among(const std::vector<ChosenUnit>& units, const std::string& source) {
  return std::ranges::any_of(units, [&](const ChosenUnit& unit) { return unit.unit->pair.source == source; });
}

/// Archives of which the target has a member, by what of them changed.
Names linked_archives(const std::vector<ChosenUnit>& chosen, const std::vector<compile::SpareUnit>& spares) {
  Names archives;
  for (const compile::SpareUnit& spare : spares)
    if (!spare.archive.empty() && is_among(chosen, spare.source)) archives.insert(spare.archive);
  return archives;
}

/// Something of it is in the target: a global, or where all of them were dropped, what runs at start or
/// stands in a set.
bool is_linked(const Defined& defined, const Present& present) {
  const auto is_local = [&](const std::string& name) {
    return present.locals.contains({defined.source, model::parse_name(name).base});
  };
  return std::ranges::any_of(
             defined.strong,
             [&](const std::string& name) { return present.globals.contains(name) || is_local(name); }) ||
         std::ranges::any_of(defined.local, is_local);
}

/// By name, then by source.
using Definers = std::map<std::string, std::map<std::string, compile::SpareUnit>>;

/// Of the names that are `open`, among units of which the target has nothing, and of which it has a part.
struct Candidates {
  Definers unlinked, linked;
};

Candidates candidates_for(const Names& open, const std::vector<ChosenUnit>& chosen, const Present& present,
                          const std::vector<compile::SpareUnit>& spares) {
  const Names archives = linked_archives(chosen, spares);
  Candidates found;
  for (const compile::SpareUnit& spare : spares) {
    if (is_among(chosen, spare.source)) continue;
    const Defined defined = defined_by(spare.object);
    const bool is_part = is_linked(defined, present);
    const bool is_in_reach = spare.archive.empty() || archives.contains(spare.archive);
    if (is_part ? spare.old_object.empty() : !is_in_reach) continue;
    for (const std::string& name : open) {
      if (defined.strong.contains(name) || (is_part && defined.weak.contains(name)))
        (is_part ? found.linked : found.unlinked)[name].emplace(spare.source, spare);
    }
  }
  return found;
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

ComparedUnit as_linked(const compile::SpareUnit& spare) {
  ComparedUnit unit{{spare.source, spare.old_object, spare.object, {}},
                    std::make_unique<model::Object>(model::load_object(spare.old_object)),
                    std::make_unique<model::Object>(model::load_object(spare.object)),
                    nullptr};
  unit.changes = std::make_unique<diff::ChangeSet>(diff::compare(*unit.old_object, *unit.new_object));
  return unit;
}

const model::Symbol* definition_in(const ChosenUnit& unit, const std::string& name) {
  for (const model::Symbol& symbol : unit.unit->new_object->symbols)
    if (symbol.name == name && symbol.binding != model::SymbolBinding::local && symbol.definition)
      return &symbol;
  return nullptr;
}

/// Of the C++ functions and data that many units hold, all of them are one.
bool is_one_of_many(const ChosenUnit& unit, const std::string& name) {
  return (*unit.unit->new_object)[definition_in(unit, name)->definition->atom].in_group;
}

class Need {
 public:
  Need(std::vector<ChosenUnit>& units, const model::Image& target, std::list<ComparedUnit>& again,
       std::vector<std::string>& notes)
      : units_(units), target_(target), again_(again), notes_(notes) {}

  /// Adds the units among `definers` that the target was linked with, and that so define what they name.
  void add_linked(const Definers& definers) {
    for (const auto& [name, spares] : definers)
      for (const auto& [source, spare] : spares) {
        if (is_among(units_, source)) continue;
        require_symbols(target_, name, source);
        ComparedUnit unit = as_linked(spare);
        bind::UnitMatch match = bind::match_unit(*unit.old_object, target_);
        if (!is_as_linked(match, name, source)) continue;
        again_.push_back(std::move(unit));
        units_.push_back({&again_.back(), std::move(match), {}});
        added_.insert(source);
      }
  }

  /// True when a unit that the target was linked with defines `name`, which then is wanted of it.
  bool want(const std::string& name) {
    std::vector<ChosenUnit*> definers;
    for (ChosenUnit& unit : units_)
      if (!unit.unit->pair.old_object.empty() && definition_in(unit, name) != nullptr)
        definers.push_back(&unit);
    if (definers.empty()) return false;
    ChosenUnit& first = *definers.front();
    const bool is_any =
        std::ranges::all_of(definers, [&](const ChosenUnit* unit) { return is_one_of_many(*unit, name); });
    if (definers.size() != 1 && !is_any) {
      notes_.push_back(
          fmt::format("{} is defined by {} and others, and the target was linked with all of them", name,
                      first.unit->pair.source));
    } else if (is_in_target(first, name)) {
      is_more_ = is_more_ || added_.contains(first.unit->pair.source);  // it now tells where
    } else if (is_as_linked(first.match, name, first.unit->pair.source) && first.wanted.insert(name).second) {
      require_symbols(target_, name, first.unit->pair.source);
      notes_.push_back(
          fmt::format("{}: {} comes along: the target was linked without it", first.unit->pair.source, name));
      is_more_ = true;
    }
    return true;
  }

  void add_unlinked(const std::string& name, const std::map<std::string, compile::SpareUnit>& spares) {
    const compile::SpareUnit& spare = spares.begin()->second;
    if (spares.size() != 1)
      notes_.push_back(fmt::format(
          "{} is defined by {} and others, and the target was linked with none of them", name, spare.source));
    if (spares.size() != 1 || is_among(units_, spare.source)) return;
    require_symbols(target_, name, spare.source);
    again_.push_back(as_new(spare, model::load_object(spare.object)));
    units_.push_back({&again_.back(), {}, {}});
    notes_.push_back(
        fmt::format("{}: comes along, for {}: the target was linked without it", spare.source, name));
    is_more_ = true;
  }

  [[nodiscard]] bool is_more() const { return is_more_; }

 private:
  /// What a unit with other code in the target defines is not what the target's linker dropped.
  bool is_as_linked(const bind::UnitMatch& match, const std::string& name, const std::string& source) {
    const std::string mismatch = match.first_mismatch();
    if (match.matched() != 0 && mismatch.empty()) return true;
    notes_.push_back(fmt::format("{} defines {}, but as compiled here it is not what {} holds{}{}", source,
                                 name, target_.path.filename().string(), mismatch.empty() ? "" : ": ",
                                 mismatch));
    return false;
  }

  /// Matched code names it: its linker only made it local.
  static bool is_in_target(const ChosenUnit& unit, const std::string& name) {
    const model::AtomId id = definition_in(unit, name)->definition->atom;
    const auto& old_atom = unit.unit->changes->old_atom;
    return id.value < old_atom.size() && old_atom[id.value] && unit.match.atoms.contains(*old_atom[id.value]);
  }

  std::vector<ChosenUnit>& units_;
  const model::Image& target_;
  std::list<ComparedUnit>& again_;
  std::vector<std::string>& notes_;
  Names added_;  ///< sources of units that the target was linked with
  bool is_more_ = false;
};

}  // namespace

bool add_needed(std::vector<ChosenUnit>& units, const std::vector<bind::BoundUnit>& bound,
                const model::Image& target, const compile::SpareFinder& find_spares,
                std::list<ComparedUnit>& again, std::vector<std::string>& notes) {
  const Names open = open_names(bound, target, model::SymbolBinding::global);
  const Names weak = open_names(bound, target, model::SymbolBinding::weak);
  Names all = open;
  all.insert(weak.begin(), weak.end());
  if (all.empty()) return false;
  // A unit may have to be compiled to be asked, and most new names are of libraries.
  const Candidates candidates =
      candidates_for(all, units, present_in(target), find_spares(without_library_names(all, target)));
  Need need(units, target, again, notes);
  need.add_linked(candidates.linked);
  for (const std::string& name : all) {
    // A weak reference pulls no unit into a link.
    const auto unlinked = open.contains(name) ? candidates.unlinked.find(name) : candidates.unlinked.end();
    if (!need.want(name) && unlinked != candidates.unlinked.end()) need.add_unlinked(name, unlinked->second);
  }
  return need.is_more();
}

}  // namespace stent::create
