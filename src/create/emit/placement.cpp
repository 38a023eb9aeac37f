#include "create/emit/placement.hpp"

#include <algorithm>

namespace stent::emit {
namespace {

using model::AtomId;
using model::AtomKind;
using patch::SegmentKind;

SegmentKind segment_of(const model::Atom& atom, const model::Object& object) {
  switch (atom.kind) {
    case AtomKind::code: return SegmentKind::code;
    case AtomKind::read_only:
    case AtomKind::relocated_read_only:
    case AtomKind::string_literal:
    case AtomKind::merged_constant: return SegmentKind::constants;
    case AtomKind::writable:
    case AtomKind::zero: return SegmentKind::data;
    case AtomKind::tls_data:
    case AtomKind::tls_zero:
      throw Error(ErrorCode::refused, object.source + ": new thread-local variable '" + atom.name + "'",
                  "running threads have no room for it; use an existing variable or a table by thread id");
    case AtomKind::other: break;
  }
  throw Error(ErrorCode::refused,
              object.source + ": section " + atom.section + " is of a kind that a patch cannot carry",
              "keep constructors, notes and linker-made sets unchanged");
}

bool is_literal(const model::Atom& atom) {
  return (atom.kind == AtomKind::string_literal || atom.kind == AtomKind::merged_constant) &&
         atom.references.empty();
}

}  // namespace

Placement::Placement(const std::vector<bind::BoundUnit>& units, Draft& draft) : units_(units) {
  for (std::size_t unit = 0; unit < units.size(); ++unit) note_replaced(unit);
  // Zero-only atoms go last: they are not in the file.
  for (const bool zero : {false, true})
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      for (const AtomId id : units[unit].selected)
        if (((*units[unit].new_object)[id].kind == AtomKind::zero) == zero) place(unit, id, draft);
      export_symbols(unit);
    }
  for (std::size_t unit = 0; unit < units.size(); ++unit) add_symbols(unit, draft);
}

void Placement::place(std::size_t unit, AtomId id, Draft& draft) {
  const model::Atom& atom = (*units_[unit].new_object)[id];
  const Key key{unit, id};
  if (spots_.contains(key)) return;
  if (const auto twin = twin_of(unit, id)) {
    spots_[key] = *twin;
    owners_[key] = false;
    return;
  }
  if (!is_literal(atom)) return place_new(key, atom, draft);
  const Literal literal{atom.kind, atom.alignment, atom.bytes};
  const auto found = literals_.find(literal);
  if (found == literals_.end()) {
    place_new(key, atom, draft);
    literals_[literal] = spots_[key];
    return;
  }
  spots_[key] = found->second;
  owners_[key] = false;
}

void Placement::place_new(Key key, const model::Atom& atom, Draft& draft) {
  const SegmentKind segment = segment_of(atom, *units_[key.first].new_object);
  // An atom without a byte still needs a place of its own.
  const std::uint64_t size = std::max<std::uint64_t>({atom.size, atom.bytes.size(), 1});
  const Bytes filler(atom.kind == AtomKind::zero ? 0 : size);
  spots_[key] = draft.append(segment, atom.bytes.empty() ? ByteView(filler) : ByteView(atom.bytes), size,
                             atom.alignment);
  owners_[key] = true;
}

std::optional<Spot> Placement::twin_of(std::size_t unit, AtomId id) const {
  const model::Object& object = *units_[unit].new_object;
  for (const model::Symbol& symbol : object.symbols) {
    if (symbol.binding == model::SymbolBinding::local || symbol.definition != model::Place{id, 0}) continue;
    const auto found = exports_.find(symbol.name);
    if (found == exports_.end() || found->second.unit == unit) continue;
    const model::Atom& other = (*units_[found->second.unit].new_object)[found->second.definition.atom];
    const model::Atom& mine = object[id];
    if (symbol.binding == model::SymbolBinding::weak && other.bytes == mine.bytes &&
        other.size == mine.size && found->second.definition.offset == 0)
      return spots_.at({found->second.unit, found->second.definition.atom});
    throw Error(ErrorCode::refused,
                "'" + symbol.name + "' is defined differently by " +
                    units_[found->second.unit].new_object->source + " and by " + object.source,
                "a patch can hold one definition of a global name; make one of them static");
  }
  return {};
}

void Placement::export_symbols(std::size_t unit) {
  for (const model::Symbol& symbol : units_[unit].new_object->symbols)
    if (symbol.binding != model::SymbolBinding::local && symbol.definition &&
        spots_.contains({unit, symbol.definition->atom}))
      exports_.emplace(symbol.name, Export{unit, *symbol.definition});
}

void Placement::note_replaced(std::size_t unit) {
  const model::Object& object = *units_[unit].new_object;
  for (const bind::BoundFunction& function : units_[unit].replaced) {
    const model::Function& parts = object[function.new_function];
    replaced_[{unit, parts.entry}] = &function;
    for (const AtomId fragment : parts.fragments) replaced_[{unit, fragment}] = &function;
  }
}

void Placement::add_symbols(std::size_t unit, Draft& draft) const {
  for (const model::Symbol& symbol : units_[unit].new_object->symbols) {
    if (symbol.name.empty() || symbol.name.starts_with(".L") || !symbol.definition) continue;
    const Key key{unit, symbol.definition->atom};
    const auto spot = spots_.find(key);
    const std::int64_t offset = symbol.definition->offset;
    if (spot == spots_.end() || !owners_.at(key) || offset < 0) continue;
    const model::Atom& atom = (*units_[unit].new_object)[symbol.definition->atom];
    const bool is_function = symbol.type == model::SymbolType::function || atom.kind == AtomKind::code;
    draft.add_symbol(symbol.name, spot->second + static_cast<std::uint64_t>(offset), symbol.size, is_function,
                     symbol.binding == model::SymbolBinding::local);
  }
}

std::optional<Spot> Placement::find(std::size_t unit, AtomId atom) const {
  const auto found = spots_.find({unit, atom});
  return found == spots_.end() ? std::nullopt : std::optional(found->second);
}

bool Placement::is_owner(std::size_t unit, AtomId atom) const {
  const auto found = owners_.find({unit, atom});
  return found != owners_.end() && found->second;
}

std::optional<Export> Placement::find_export(const std::string& name) const {
  const auto found = exports_.find(name);
  return found == exports_.end() ? std::nullopt : std::optional(found->second);
}

const bind::BoundFunction* Placement::replaced_by(std::size_t unit, AtomId atom) const {
  const auto found = replaced_.find({unit, atom});
  return found == replaced_.end() ? nullptr : found->second;
}

}  // namespace stent::emit
