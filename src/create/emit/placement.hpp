// Which spot of the draft each selected atom got.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "create/bind/bound_unit.hpp"
#include "create/emit/draft.hpp"

namespace stent::emit {

/// A symbol that one unit's selected atoms define for the others.
struct Export {
  std::size_t unit = 0;
  model::Place definition;
};

/// The selected atoms of all units, and who owns what.
class Placement {
 public:
  /// Appends every selected atom to `draft`: equal literals once, a COMDAT that several units carry once.
  /// Throws `refused` for kinds that a patch cannot carry (thread-local, init arrays) and clashing
  /// definitions.
  Placement(const std::vector<bind::BoundUnit>& units, Draft& draft);

  [[nodiscard]] std::optional<Spot> find(std::size_t unit, model::AtomId atom) const;
  /// Whether the bytes of the atom are its own, not another unit's or another literal's.
  [[nodiscard]] bool is_owner(std::size_t unit, model::AtomId atom) const;
  [[nodiscard]] std::optional<Export> find_export(const std::string& name) const;
  /// The replaced function that `atom` is the entry or a fragment of; null when none.
  [[nodiscard]] const bind::BoundFunction* replaced_by(std::size_t unit, model::AtomId atom) const;

 private:
  using Key = std::pair<std::size_t, model::AtomId>;

  void place(std::size_t unit, model::AtomId id, Draft& draft);
  void place_new(Key key, const model::Atom& atom, Draft& draft);
  [[nodiscard]] std::optional<Spot> twin_of(std::size_t unit, model::AtomId id) const;
  void export_symbols(std::size_t unit);
  void note_replaced(std::size_t unit);
  void add_symbols(std::size_t unit, Draft& draft) const;

  const std::vector<bind::BoundUnit>& units_;
  std::map<Key, Spot> spots_;
  std::map<Key, bool> owners_;
  std::map<std::string, Export> exports_;
  std::map<Key, const bind::BoundFunction*> replaced_;
  struct Literal {
    model::AtomKind kind;
    std::uint64_t alignment;
    Bytes bytes;
    auto operator<=>(const Literal&) const = default;
  };
  std::map<Literal, Spot> literals_;
};

}  // namespace stent::emit
