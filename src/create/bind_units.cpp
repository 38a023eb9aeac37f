#include "create/bind_units.hpp"

#include <fmt/core.h>

#include <map>
#include <set>

#include "base/error.hpp"
#include "create/bind/bind_unit.hpp"
#include "create/bind/share_copies.hpp"

namespace stent::create {
namespace {

/// Of a function that many units carry the linker keeps one copy: one of the units must have the kept one.
void require_copies(const std::vector<bind::BoundUnit>& units) {
  std::set<std::string> replaced;
  for (const bind::BoundUnit& unit : units)
    for (const bind::BoundFunction& function : unit.replaced) replaced.insert(function.name);
  for (const bind::BoundUnit& unit : units)
    for (const std::string& name : unit.elsewhere)
      if (!replaced.contains(name))
        throw Error(
            ErrorCode::mismatch,
            fmt::format("{} is not in the target as {} gives it: the copy there comes from another unit",
                        name, unit.new_object->source),
            "pass the objects of every unit that includes it; or build with the flags that made the target");
}

void note_dropped(const std::vector<bind::BoundUnit>& units, std::vector<std::string>& notes) {
  for (const bind::BoundUnit& unit : units)
    for (const std::string& name : unit.dropped)
      notes.push_back(
          fmt::format("{}: {} changed, but the target was linked without it", unit.new_object->source, name));
}

/// Where the matches say that the units' globals are; names about which they disagree are left out.
class KnownGlobals {
 public:
  /// Those of the old source, and those that were static in it and are global in the new.
  explicit KnownGlobals(const std::vector<ChosenUnit>& units) {
    for (const auto& [unit, match, wanted] : units) {
      const auto itself = [](model::AtomId id) { return std::optional(id); };
      add(*unit->old_object, match, itself);
      add(*unit->new_object, match, [&](model::AtomId id) -> std::optional<model::AtomId> {
        const auto& old_atom = unit->changes->old_atom;
        return id.value < old_atom.size() ? old_atom[id.value] : std::nullopt;
      });
    }
    for (const std::string& name : contested_) known_.erase(name);
  }
  [[nodiscard]] const std::map<std::string, LinkAddress>& get() const { return known_; }

 private:
  void add(const model::Object& object, const bind::UnitMatch& match, const auto& old_atom_of) {
    for (const model::Symbol& symbol : object.symbols) {
      // An indirect function is not what stands at its address.
      const bool is_indirect = symbol.type == model::SymbolType::ifunc;
      if (symbol.binding == model::SymbolBinding::local || !symbol.definition || is_indirect) continue;
      const auto old = old_atom_of(symbol.definition->atom);
      const auto atom = old ? match.atoms.find(*old) : match.atoms.end();
      if (atom == match.atoms.end() || match.conflicts.contains(atom->first)) continue;
      const LinkAddress at = atom->second + symbol.definition->offset;
      if (known_.try_emplace(symbol.name, at).first->second != at) contested_.insert(symbol.name);
    }
  }

  std::map<std::string, LinkAddress> known_;
  std::set<std::string> contested_;
};

}  // namespace

std::vector<bind::BoundUnit> bind_units(const std::vector<ChosenUnit>& units, const model::Image& target,
                                        std::vector<std::string>& notes) {
  std::vector<bind::BoundUnit> bound;
  std::string reasons, hint;
  const KnownGlobals globals(units);
  for (const auto& [unit, match, wanted] : units) {
    try {
      bound.push_back(bind::bind_unit(*unit->old_object, *unit->new_object, *unit->changes, target, match,
                                      globals.get(), wanted));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::refused) throw;
      reasons += (reasons.empty() ? "" : "\n") + error.message();
      hint = error.hint();
    }
  }
  if (!reasons.empty()) throw Error(ErrorCode::refused, reasons, hint);
  require_copies(bound);
  bind::share_copies(bound);
  note_dropped(bound, notes);
  return bound;
}

}  // namespace stent::create
