#include <algorithm>
#include <map>
#include <set>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

bool is_program_counter_relative(x86_64::RelocationType type) {
  const auto formula = x86_64::describe(type).formula;
  return formula == x86_64::Formula::pc_relative || formula == x86_64::Formula::got_relative;
}

/// Distance from the end of the instruction that holds each field back to the field, by field offset.
class InstructionEnds {
 public:
  explicit InstructionEnds(const Atom& atom) : instructions_(x86_64::decode(atom.bytes)) {}

  /// Empty when the field lies in bytes that do not decode.
  [[nodiscard]] std::optional<std::int64_t> adjust(std::uint64_t field) const {
    auto after = std::upper_bound(
        instructions_.begin(), instructions_.end(), field,
        [](std::uint64_t at, const x86_64::Instruction& instruction) { return at < instruction.offset; });
    if (after == instructions_.begin()) return {};
    --after;
    if (field >= after->end()) return {};
    return static_cast<std::int64_t>(field) - static_cast<std::int64_t>(after->end());
  }

 private:
  std::vector<x86_64::Instruction> instructions_;
};

void read_section(ObjectBuilder& builder, const elf::Section& section, const elf::Section& table) {
  std::optional<InstructionEnds> ends;
  const Piece* decoded = nullptr;
  for (const elf::RawRelocation& raw : builder.file.relocations(table)) {
    const Piece* holder = builder.piece_at(section.index, raw.offset);
    if (holder == nullptr) throw builder.file.damaged("a relocation outside " + section.name);
    Atom& atom = builder.object.atoms[holder->atom.value];
    const auto type = static_cast<x86_64::RelocationType>(raw.type);
    if (x86_64::describe(type).size > holder->end - raw.offset)
      throw builder.file.damaged("a relocation across the end of a symbol in " + section.name);
    std::int64_t adjust = 0;
    if (atom.kind == AtomKind::code && is_program_counter_relative(type)) {
      if (decoded != holder) ends.emplace(atom);
      decoded = holder;
      adjust = ends->adjust(raw.offset - holder->begin).value_or(-4);
    }
    atom.references.push_back(resolve(builder, raw, holder->begin, adjust));
  }
}

/// Offsets in data atoms that code names: where switch tables start.
std::map<AtomId, std::set<std::int64_t>> starts_of_tables(const Object& object) {
  std::map<AtomId, std::set<std::int64_t>> starts;
  for (const Atom& atom : object.atoms) {
    if (atom.kind != AtomKind::code) continue;
    for (const Reference& reference : atom.references)
      if (reference.place && object[reference.place->atom].kind == AtomKind::read_only)
        starts[reference.place->atom].insert(reference.place->offset);
  }
  return starts;
}

/// Where an atom came from.
struct Origin {
  std::uint32_t section = 0;
  std::int64_t begin = 0;
};

std::vector<Origin> origins_of_atoms(const ObjectBuilder& builder) {
  std::vector<Origin> origins(builder.object.atoms.size());
  for (std::uint32_t section = 0; section < builder.pieces.size(); ++section)
    for (const Piece& piece : builder.pieces[section])
      origins[piece.atom.value] = {section, static_cast<std::int64_t>(piece.begin)};
  return origins;
}

/// Turns "label + distance from the table's start" back into the label (see Reference::is_table_entry).
void undo_table_bias(ObjectBuilder& builder, Atom& atom, const std::set<std::int64_t>& starts,
                     const std::vector<Origin>& origins) {
  for (Reference& reference : atom.references) {
    if (reference.type != x86_64::RelocationType::pc32 || reference.symbol || !reference.place) continue;
    if (builder.object[reference.place->atom].kind != AtomKind::code) continue;
    const std::int64_t field = reference.offset;
    auto start = starts.upper_bound(field);
    const std::int64_t table = start == starts.begin() ? 0 : *std::prev(start);
    reference.is_table_entry = true;
    reference.pc_adjust = field - table;
    // Without -ffunction-sections the biased offset can lie in the next function: look the label up again.
    const Origin& origin = origins.at(reference.place->atom.value);
    const std::int64_t in_section = origin.begin + reference.place->offset - reference.pc_adjust;
    reference.place = builder.place(origin.section, in_section);
    reference.offset_in_target = reference.place->offset;
  }
}

/// An unnamed slot that only exception tables refer to holds the address of a type and is never written.
void mark_type_slots(Object& object) {
  std::vector<bool> is_used(object.atoms.size()), is_used_otherwise(object.atoms.size());
  for (const Atom& atom : object.atoms)
    for (const Reference& reference : atom.references) {
      if (!reference.place) continue;
      is_used[reference.place->atom.value] = true;
      if (atom.section.rfind(".gcc_except_table", 0) != 0)
        is_used_otherwise[reference.place->atom.value] = true;
    }
  for (std::size_t i = 0; i < object.atoms.size(); ++i) {
    Atom& atom = object.atoms[i];
    if (atom.kind == AtomKind::writable && atom.name.empty() && atom.size == 8 &&
        atom.references.size() == 1 && is_used[i] && !is_used_otherwise[i])
      atom.kind = AtomKind::relocated_read_only;
  }
}

}  // namespace

const elf::Section* relocations_of(const elf::File& file, const elf::Section& section) {
  for (const elf::Section& table : file.sections())
    if (table.type == SHT_RELA && table.info == section.index) return &table;
  return nullptr;
}

Reference resolve(const ObjectBuilder& builder, const elf::RawRelocation& raw, std::uint64_t holder_begin,
                  std::int64_t pc_adjust) {
  if (raw.symbol >= builder.raw_symbols.size()) throw builder.file.damaged("symbol of a relocation");
  Reference reference;
  reference.offset = static_cast<std::uint32_t>(raw.offset - holder_begin);
  reference.type = static_cast<x86_64::RelocationType>(raw.type);
  reference.pc_adjust = pc_adjust;
  const std::int64_t meant = raw.addend - pc_adjust;
  if (const auto symbol = builder.symbol_of[raw.symbol]) {
    reference.symbol = symbol;
    reference.offset_in_target = meant;
    if (const auto& definition = builder.object[*symbol].definition)
      reference.place = Place{definition->atom, definition->offset + meant};
    return reference;
  }
  const elf::RawSymbol& section = builder.raw_symbols[raw.symbol];
  if (raw.symbol != 0 && section.type == STT_SECTION)
    reference.place = builder.place(section.section, static_cast<std::int64_t>(section.value) + meant);
  reference.offset_in_target = reference.place ? reference.place->offset : meant;
  return reference;
}

void read_references(ObjectBuilder& builder) {
  std::vector<const elf::Section*> tables(builder.file.sections().size(), nullptr);
  for (const elf::Section& table : builder.file.sections())
    if (table.type == SHT_RELA && table.info < tables.size()) tables[table.info] = &table;
  for (const elf::Section& section : builder.file.sections())
    if (tables[section.index] != nullptr && !builder.pieces[section.index].empty())
      read_section(builder, section, *tables[section.index]);
  for (Atom& atom : builder.object.atoms)
    std::sort(atom.references.begin(), atom.references.end(),
              [](const Reference& a, const Reference& b) { return a.offset < b.offset; });
  const auto starts = starts_of_tables(builder.object);
  mark_type_slots(builder.object);
  const auto origins = origins_of_atoms(builder);
  for (std::size_t i = 0; i < builder.object.atoms.size(); ++i) {
    Atom& atom = builder.object.atoms[i];
    const auto found = starts.find(AtomId{static_cast<std::uint32_t>(i)});
    if (atom.kind == AtomKind::read_only)
      undo_table_bias(builder, atom, found == starts.end() ? std::set<std::int64_t>{} : found->second,
                      origins);
  }
}

}  // namespace stent::model
