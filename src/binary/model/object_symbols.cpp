#include <algorithm>

#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

SymbolType type_of(const elf::RawSymbol& raw) {
  switch (raw.type) {
    case STT_OBJECT:
    case STT_COMMON: return SymbolType::object;
    case STT_FUNC: return SymbolType::function;
    case STT_TLS: return SymbolType::tls;
    case STT_GNU_IFUNC: return SymbolType::ifunc;
    default: return SymbolType::none;
  }
}

SymbolBinding binding_of(const elf::RawSymbol& raw) {
  if (raw.binding == STB_LOCAL) return SymbolBinding::local;
  return raw.binding == STB_WEAK ? SymbolBinding::weak : SymbolBinding::global;
}

AtomId add_common(Object& object, const elf::RawSymbol& raw) {
  Atom atom;
  atom.kind = AtomKind::zero;
  atom.section = "COMMON";
  atom.size = raw.size;
  atom.alignment = std::max<std::uint64_t>(raw.value, 1);
  object.atoms.push_back(std::move(atom));
  return {static_cast<std::uint32_t>(object.atoms.size() - 1)};
}

std::optional<Place> definition_of(ObjectBuilder& builder, const elf::RawSymbol& raw) {
  if (raw.section == SHN_UNDEF || raw.section == SHN_ABS) return {};
  if (raw.section == SHN_COMMON) return Place{add_common(builder.object, raw), 0};
  if (raw.section >= builder.pieces.size()) throw builder.file.damaged("section of symbol " + raw.name);
  return builder.place(raw.section, static_cast<std::int64_t>(raw.value));
}

/// An atom is called as the best symbol at its start: a global before a local one, a sized before an unsized.
void name_atom(Object& object, const Symbol& symbol, std::vector<int>& best) {
  if (!symbol.definition || symbol.definition->offset != 0 || symbol.name.empty()) return;
  const std::uint32_t id = symbol.definition->atom.value;
  best.resize(object.atoms.size(), 0);
  const int rank = 1 + (symbol.size != 0 ? 2 : 0) + (symbol.binding == SymbolBinding::global ? 1 : 0);
  if (rank <= best[id]) return;
  best[id] = rank;
  object.atoms[id].name = symbol.name;
}

}  // namespace

const Piece* ObjectBuilder::piece_at(std::uint32_t section, std::uint64_t offset) const {
  if (section >= pieces.size()) return nullptr;
  const auto& list = pieces[section];
  auto after = std::upper_bound(list.begin(), list.end(), offset,
                                [](std::uint64_t at, const Piece& piece) { return at < piece.begin; });
  if (after == list.begin()) return nullptr;
  --after;
  return offset < after->end ? &*after : nullptr;
}

std::optional<Place> ObjectBuilder::place(std::uint32_t section, std::int64_t offset) const {
  if (section >= pieces.size() || pieces[section].empty()) return {};
  const auto& list = pieces[section];
  const Piece* piece = offset >= 0 ? piece_at(section, static_cast<std::uint64_t>(offset)) : nullptr;
  if (piece == nullptr) piece = offset < 0 ? &list.front() : &list.back();
  return Place{piece->atom, offset - static_cast<std::int64_t>(piece->begin)};
}

void read_symbols(ObjectBuilder& builder) {
  builder.symbol_of.resize(builder.raw_symbols.size());
  std::vector<int> best;
  for (std::size_t i = 1; i < builder.raw_symbols.size(); ++i) {
    const elf::RawSymbol& raw = builder.raw_symbols[i];
    if (raw.type == STT_FILE && builder.object.source.empty()) builder.object.source = raw.name;
    if (raw.type == STT_FILE || raw.type == STT_SECTION) continue;
    Symbol symbol;
    symbol.name = raw.name;
    symbol.binding = binding_of(raw);
    symbol.type = type_of(raw);
    symbol.visibility = static_cast<SymbolVisibility>(raw.visibility);
    symbol.size = raw.size;
    symbol.definition = definition_of(builder, raw);
    name_atom(builder.object, symbol, best);
    builder.symbol_of[i] = SymbolId{static_cast<std::uint32_t>(builder.object.symbols.size())};
    builder.object.symbols.push_back(std::move(symbol));
  }
}

}  // namespace stent::model
