#include "create/diff/pieces.hpp"

#include <algorithm>
#include <set>

namespace stent::diff {
namespace {

using model::AtomId;
using Users = std::map<std::int64_t, std::set<std::uint32_t>>;  // place -> atoms that refer to it

bool is_table_start(const model::Atom& atom, std::int64_t at) {
  return std::any_of(atom.references.begin(), atom.references.end(), [&](const model::Reference& reference) {
    return reference.is_table_entry && reference.offset == at && reference.pc_adjust == 0;
  });
}

std::vector<std::int64_t> starts_of_objects(const model::Atom& atom, const Users& users) {
  std::vector<std::int64_t> starts = {0};
  std::set<std::uint32_t> of_first;
  bool in_table = is_table_start(atom, 0);
  for (const auto& [at, from] : users) {
    const bool table = is_table_start(atom, at);
    const bool interior = std::includes(of_first.begin(), of_first.end(), from.begin(), from.end());
    if (at != 0 && interior && !table && !in_table) continue;
    if (at != 0) starts.push_back(at);
    of_first = from;
    in_table = table;
  }
  return starts;
}

}  // namespace

Pieces::Pieces(const ObjectIndex& index) : index_(&index) {
  std::map<AtomId, Users> users;
  for (std::uint32_t i = 0; i < index.size(); ++i)
    for (const model::Reference& reference : index.object().atoms[i].references) {
      if (!reference.place) continue;
      const AtomId target = reference.place->atom;
      const model::Atom& atom = index.object()[target];
      const bool pooled = index[target].kind == AtomClass::anonymous &&
                          atom.kind == model::AtomKind::read_only &&
                          !atom.section.starts_with(".gcc_except_table");
      const std::int64_t offset = reference.place->offset;
      if (pooled && offset >= 0 && offset < static_cast<std::int64_t>(atom.size))
        users[target][offset].insert(i);
    }
  for (const auto& [atom, places] : users) starts_[atom] = starts_of_objects(index.object()[atom], places);
}

Pieces::Piece Pieces::at(model::Place place) const {
  const auto size = static_cast<std::int64_t>(index_->object()[place.atom].size);
  const auto found = starts_.find(place.atom);
  if (found == starts_.end() || place.offset < 0 || place.offset >= size) return {0, size};
  const auto& starts = found->second;
  const auto next = std::upper_bound(starts.begin(), starts.end(), place.offset);
  return {*std::prev(next), next == starts.end() ? size : *next};
}

model::Atom Pieces::cut(AtomId id, Piece piece) const {
  const model::Atom& atom = index_->object()[id];
  if (piece.begin == 0 && piece.end == static_cast<std::int64_t>(atom.size)) return atom;
  model::Atom result;
  result.kind = atom.kind;
  result.section = atom.section;
  result.size = static_cast<std::uint64_t>(piece.end - piece.begin);
  result.bytes.assign(atom.bytes.begin() + piece.begin, atom.bytes.begin() + piece.end);
  // Alignment fills the gap before the next piece: how much depends on what stands before.
  const auto is_in = [&](const model::Reference& r) {
    return r.offset >= piece.begin && r.offset < piece.end;
  };
  std::int64_t last_field = 0;
  for (model::Reference reference : atom.references)
    if (is_in(reference)) {
      reference.offset -= static_cast<std::uint32_t>(piece.begin);
      last_field = reference.offset + x86_64::describe(reference.type).size;
      result.references.push_back(reference);
    }
  while (static_cast<std::int64_t>(result.bytes.size()) > std::max<std::int64_t>(last_field, 1) &&
         result.bytes.back() == std::byte{0})
    result.bytes.pop_back();
  result.size = result.bytes.size();
  return result;
}

}  // namespace stent::diff
