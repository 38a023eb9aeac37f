// The model of one relocatable object (.o): atoms, symbols, references and functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "binary/arch/x86_64/relocation.hpp"

namespace stent::model {

/// What an atom holds. The kind follows from its section's type, flags and name, never from a guess.
enum class AtomKind {
  code,                 ///< one function, or one fragment of one (SHF_EXECINSTR)
  read_only,            ///< constants without relocations at run time (.rodata*)
  relocated_read_only,  ///< .data.rel.ro*: constant once relocated
  string_literal,       ///< one NUL-terminated string of a SHF_MERGE|SHF_STRINGS section
  merged_constant,      ///< one entry of a SHF_MERGE section (.rodata.cst8 ...)
  writable,             ///< .data*
  zero,                 ///< .bss*, COMMON; `bytes` is empty, `size` counts
  tls_data,             ///< .tdata*
  tls_zero,             ///< .tbss*
  other,                ///< allocated, but of a kind not known here (init arrays, notes, __start_ sets)
};

enum class SymbolBinding { local, global, weak };
enum class SymbolType { none, object, function, section, file, tls, ifunc };
enum class SymbolVisibility { normal, internal, hidden, protected_ };

/// Index into Object::atoms / Object::symbols / Object::functions.
struct AtomId {
  std::uint32_t value = 0;
  auto operator<=>(const AtomId&) const = default;
};
struct SymbolId {
  std::uint32_t value = 0;
  auto operator<=>(const SymbolId&) const = default;
};
struct FunctionId {
  std::uint32_t value = 0;
  auto operator<=>(const FunctionId&) const = default;
};

/// A position inside an atom, in bytes from its start (may be the end, or outside for odd addends).
struct Place {
  AtomId atom;
  std::int64_t offset = 0;
  auto operator<=>(const Place&) const = default;
};

/// An entry of .symtab (section and file symbols are left out: references through them are resolved to
/// places).
struct Symbol {
  std::string name;
  SymbolBinding binding = SymbolBinding::local;
  SymbolType type = SymbolType::none;
  SymbolVisibility visibility = SymbolVisibility::normal;
  std::uint64_t size = 0;
  std::optional<Place> definition;  ///< empty: undefined here
};

/// A relocation, resolved to what it means.
///
/// The ELF value is  S + A - P  (or S + A, ...). A compiler folds the distance from the field to the end of
/// the instruction into A, and names strings and statics by "section + offset". Both are undone here:
/// `offset_in_target` is the distance from the named thing's start to the byte that is meant, and
/// `pc_adjust` is the part of A that only corrects for the program counter (-4, -5, -8 ...; 0 in data).
/// Example: `lea .LC0(%rip)` = R_X86_64_PC32 .rodata.str1.1 + 0x1c: with the string starting at 0x20 it gives
/// place = {atom of that string, 0}, pc_adjust = -4.
/// Entry k of a switch table (R_X86_64_PC32 .text.f + label + 4k, table-relative): place = {code atom,
/// label}, pc_adjust = 4k, and `is_table_entry` is set.
struct Reference {
  std::uint32_t offset = 0;  ///< of the field, from the start of the atom that holds it
  x86_64::RelocationType type = x86_64::RelocationType::none;
  std::optional<SymbolId> symbol;  ///< set when the relocation names a real (not section) symbol
  std::optional<Place> place;  ///< set when the thing is defined in this object (symbol or section + offset)
  std::int64_t offset_in_target = 0;  ///< from the symbol's (or atom's) start; see above
  std::int64_t pc_adjust = 0;
  bool is_table_entry = false;
};

/// The smallest thing that is placed, compared and copied on its own.
struct Atom {
  AtomKind kind = AtomKind::other;
  std::string name;     ///< its main symbol, or empty (literals, jump tables)
  std::string section;  ///< the section it came from
  Bytes bytes;          ///< as in the file, relocation fields unresolved
  std::uint64_t size = 0;
  std::uint64_t alignment = 1;
  std::optional<std::uint64_t> field;  ///< of a variable that the compiler split: where in it this part was
  bool in_group = false;               ///< of a section group (COMDAT): linkers keep one of many equal copies
  std::vector<Reference> references;   ///< by ascending offset
};

/// A call frame description of one code atom, kept as the raw CIE and FDE with their references.
struct FrameDescription {
  Bytes cie;  ///< whole entry, length field included
  Bytes fde;
  std::vector<Reference> cie_references;  ///< offsets from the start of `cie` (personality)
  std::vector<Reference> fde_references;  ///< offsets from the start of `fde` (pc_begin, LSDA)
};

/// A function: its entry atom and the fragments reached only by jumps from it (`.cold`, `__part`).
struct Function {
  SymbolId symbol;
  AtomId entry;
  std::vector<AtomId> fragments;
};

/// Everything stent uses of one .o file.
struct Object {
  std::filesystem::path path;
  std::string source;  ///< the STT_FILE name, e.g. "sds.c"
  std::vector<Atom> atoms;
  std::vector<Symbol> symbols;
  std::vector<Function> functions;
  std::vector<std::optional<FrameDescription>> frames;  ///< parallel to atoms; only code atoms have one
  /// Functions that cannot be patched because of something unknown in them, with the reason.
  std::vector<std::pair<FunctionId, std::string>> unpatchable;

  [[nodiscard]] const Atom& operator[](AtomId id) const { return atoms.at(id.value); }
  [[nodiscard]] const Symbol& operator[](SymbolId id) const { return symbols.at(id.value); }
  [[nodiscard]] const Function& operator[](FunctionId id) const { return functions.at(id.value); }
};

/// Reads an ELF64 x86-64 ET_REL file. Throws `bad_input` for anything else or for damaged input.
[[nodiscard]] Object load_object(const std::filesystem::path& path);

/// A symbol name taken apart: "counter.5" -> {counter, "", 5}; "f.constprop.0" -> {f, "constprop", 0};
/// "f.isra.0.cold" -> {f, "isra.cold", 0}; "f.lto_priv.3" -> {f, "lto_priv", 3}. Ordinals drift between
/// builds and are no identity.
struct ParsedName {
  std::string base;
  std::string kind;
  std::optional<unsigned> ordinal;
  bool operator==(const ParsedName&) const = default;
};
[[nodiscard]] ParsedName parse_name(const std::string& name);

}  // namespace stent::model
