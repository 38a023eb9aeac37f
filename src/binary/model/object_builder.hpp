// The state shared by the steps of load_object: ELF section and symbol numbers -> places in the model.
#pragma once

#include <optional>
#include <vector>

#include "binary/elf/elf_file.hpp"
#include "binary/model/object.hpp"

namespace stent::model {

/// A run of one section's bytes that became an atom.
struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  AtomId atom;
};

struct ObjectBuilder {
  const elf::File& file;
  Object object{};
  std::vector<elf::RawSymbol> raw_symbols{};
  std::vector<std::optional<SymbolId>>
      symbol_of{};                           ///< by ELF symbol index; empty for section and file symbols
  std::vector<std::vector<Piece>> pieces{};  ///< by section index, ascending

  /// The place that `offset` of a section names. One past the end belongs to the last piece; an offset
  /// outside every piece of a section with one piece is that piece's, displaced. Empty: the section has no
  /// atoms.
  [[nodiscard]] std::optional<Place> place(std::uint32_t section, std::int64_t offset) const;
  /// The piece that holds the byte at `offset`, or null.
  [[nodiscard]] const Piece* piece_at(std::uint32_t section, std::uint64_t offset) const;
};

// The steps, in order; each needs what the ones before it filled.
void read_atoms(ObjectBuilder& builder);       ///< atoms, pieces
void read_symbols(ObjectBuilder& builder);     ///< symbols, symbol_of
void read_fields(ObjectBuilder& builder);      ///< Atom::field
void read_references(ObjectBuilder& builder);  ///< Atom::references
void read_functions(ObjectBuilder& builder);   ///< functions, unpatchable
void read_frames(ObjectBuilder& builder);      ///< frames

/// Resolves one relocation of `section` whose holder starts at `holder_begin` in it; see Reference.
/// `pc_adjust` is what corrects for the program counter.
[[nodiscard]] Reference resolve(const ObjectBuilder& builder, const elf::RawRelocation& relocation,
                                std::uint64_t holder_begin, std::int64_t pc_adjust);

/// The SHT_RELA section that applies to `section`, or null.
[[nodiscard]] const elf::Section* relocations_of(const elf::File& file, const elf::Section& section);

}  // namespace stent::model
