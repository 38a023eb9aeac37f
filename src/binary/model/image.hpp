// The model of one linked ELF image (executable or shared object): what a patch is bound to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/build_id.hpp"
#include "binary/model/object.hpp"

namespace stent::model {

/// A PT_LOAD of the image.
struct ImageSegment {
  LinkRange memory;  ///< p_vaddr, p_memsz
  FileOffset file_offset;
  Bytes bytes;  ///< p_filesz bytes; the rest of `memory` is zero
  bool readable = false, writable = false, executable = false;
};

/// A symbol of .symtab (file or debug file) or .dynsym, with an address.
struct ImageSymbol {
  std::string name;
  SymbolBinding binding = SymbolBinding::local;
  SymbolType type = SymbolType::none;
  SymbolVisibility visibility = SymbolVisibility::normal;
  LinkAddress address;
  std::uint64_t size = 0;
  /// Which STT_FILE block of .symtab a local symbol stands in: index into Image::files. Empty for globals.
  std::optional<std::uint32_t> file;
};

/// How the image reaches a dynamic symbol it imports.
struct Import {
  std::string name;
  std::string version;  ///< e.g. "GLIBC_2.2.5", empty when unversioned
  SymbolType type = SymbolType::none;
  bool weak = false;
  std::optional<LinkAddress> jump_slot;  ///< R_X86_64_JUMP_SLOT target
  std::optional<LinkAddress> got_slot;   ///< R_X86_64_GLOB_DAT target
  std::optional<LinkAddress> copy;       ///< R_X86_64_COPY target: the object lives here
  std::optional<LinkAddress> plt;        ///< the PLT entry that calls through the slot, where found
  /// The PLT entry that every module takes for the function's address (System V ABI AMD64, "Function
  /// Addresses"): code of a program that is not position-independent holds it as a constant.
  std::optional<LinkAddress> canonical;
};

/// A thread-local slot of the image's GOT; of dtpmod64 and tlsdesc the first of two.
struct TlsSlot {
  LinkAddress slot;
  x86_64::RelocationType type;  ///< tpoff64, dtpmod64 or tlsdesc
  std::string symbol;           ///< empty: local, `addend` is the offset in this module's TLS block
  std::int64_t addend = 0;
};

/// Eight bytes of code that the dynamic loader fills in.
struct TextRelocation {
  LinkRange place;
  std::optional<std::size_t> import;  ///< index into Image::imports; empty: an address of the image itself,
                                      ///< which `Image::read` shows as linked
  std::int64_t addend = 0;
  bool is_whole_address = true;  ///< all eight bytes are one address: R_X86_64_64 or RELATIVE
  auto operator<=>(const TextRelocation&) const = default;
};

/// Everything stent uses of a linked image and its separate debug file.
struct Image {
  std::filesystem::path path;
  std::filesystem::path debug_file;  ///< where .symtab/DWARF came from; equal to path when not separate
  std::vector<std::filesystem::path> debug_roots;  ///< where its dwz alternate file is searched
  BuildId build_id;
  std::string soname;                    ///< DT_SONAME, or empty
  bool is_position_independent = false;  ///< ET_DYN
  bool is_executable = false;            ///< has PT_INTERP or is ET_EXEC, or DF_1_PIE
  bool is_symbolic = false;              ///< linked with -Bsymbolic: its own definitions come first
  bool is_static = false;                ///< an executable that no dynamic loader starts
  std::vector<ImageSegment> segments;
  std::vector<std::string> files;  ///< STT_FILE names in symbol table order (names may repeat)
  std::vector<ImageSymbol> symbols;
  std::vector<Import> imports;
  std::vector<TlsSlot> tls_slots;
  /// GOT slots that hold the address of something in this module: slot -> value (R_X86_64_RELATIVE and
  /// linker-resolved entries inside .got).
  std::map<LinkAddress, LinkAddress> local_got;
  LinkRange tls_segment;  ///< PT_TLS (p_vaddr, p_memsz); size 0: none
  std::uint64_t tls_alignment = 1;
  std::vector<LinkRange> function_extents;       ///< from .eh_frame FDEs, ascending
  std::vector<TextRelocation> text_relocations;  ///< ascending
  /// Resolver of an IFUNC -> the slot that holds what it chose (R_X86_64_IRELATIVE).
  std::map<LinkAddress, LinkAddress> ifunc_slots;

  /// `size` bytes at `at` as linked (zero-filled past p_filesz); empty when not wholly inside one segment.
  [[nodiscard]] std::optional<Bytes> read(LinkAddress at, std::uint64_t size) const;
  [[nodiscard]] const ImageSegment* segment_of(LinkAddress at) const;
};

/// Where separate debug files are looked for.
struct DebugSearch {
  std::vector<std::filesystem::path> roots;  ///< --debug-root; each searched as DIR, DIR/usr/lib/debug
  bool system_paths = true;                  ///< also /usr/lib/debug
};

/// Reads an ELF64 x86-64 ET_EXEC or ET_DYN and, when it is stripped, its debug file (by build-id, then
/// .gnu_debuglink with CRC). Throws `bad_input` for damaged or foreign input. An image without any .symtab is
/// returned with dynamic symbols only.
[[nodiscard]] Image load_image(const std::filesystem::path& path, const DebugSearch& search = {});

/// Gives `image` the symbols of `twin`, a rebuild of the same source whose build-id may differ (it also
/// covers debug information). Throws `mismatch` unless every loaded byte but the build-id note is equal.
void adopt_symbols(Image& image, const Image& twin);

}  // namespace stent::model
