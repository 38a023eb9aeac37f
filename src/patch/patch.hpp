// The Patch value: what the creating wing hands to the applying wing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/build_id.hpp"
#include "base/bytes.hpp"
#include "binary/arch/x86_64/relocation.hpp"

namespace stent::patch {

/// Where a reference of the patch finds its target in the process. See docs/patch-format.md, "Bindings".
struct ModuleAddress {  ///< a place in the image's own target module (function, data, or a GOT slot itself)
  LinkAddress address;
  bool operator==(const ModuleAddress&) const = default;
};
struct DynamicSymbol {  ///< looked up in the target's own search order, at apply time
  std::string version;  ///< empty: unversioned or default
  bool weak = false;    ///< may be absent: value 0
  bool operator==(const DynamicSymbol&) const = default;
};
struct ThreadOffset {  ///< value = offset from the thread pointer of `offset` in the module's TLS block
  std::uint64_t offset = 0;
  bool operator==(const ThreadOffset&) const = default;
};
struct ThreadModule {  ///< value = the number of the image's module, as __tls_get_addr takes it
  bool operator==(const ThreadModule&) const = default;
};
struct OtherImage {  ///< a place in another image of this patch
  std::uint32_t image = 0;
  PatchAddress address;
  bool operator==(const OtherImage&) const = default;
};
struct OtherModule {  ///< a place in a module that another image of this patch belongs to
  BuildId module;
  LinkAddress address;
  bool operator==(const OtherModule&) const = default;
};
struct OwnImage {  ///< a place in this image itself; needs relocation where the value is absolute, or in data
  PatchAddress address;
  bool operator==(const OwnImage&) const = default;
};

struct ShadowTable {  ///< the target's table of shadow data, shared by all patches of a process
  bool operator==(const ShadowTable&) const = default;
};

struct ChosenFunction {  ///< what an indirect function (IFUNC) of the image's module chooses when asked
  LinkAddress resolver;
  bool operator==(const ChosenFunction&) const = default;
};

struct Binding {
  std::string name;  ///< for people: the symbol, possibly with "+offset"
  std::variant<ModuleAddress, DynamicSymbol, ThreadOffset, OtherImage, OtherModule, OwnImage, ThreadModule,
               ShadowTable, ChosenFunction>
      where;
  bool operator==(const Binding&) const = default;
};

/// A field the linker (patch/link) fills when the image is placed.
struct Relocation {
  PatchAddress place;
  x86_64::RelocationType type = x86_64::RelocationType::none;
  std::uint32_t binding = 0;  ///< index into Image::bindings
  std::int64_t addend = 0;    ///< as in ELF RELA
  bool operator==(const Relocation&) const = default;
};

enum class SegmentKind {
  code,       ///< R-X: functions, fragments, stubs
  constants,  ///< R--: literals, tables, .eh_frame, the patch's GOT (written before it is mapped)
  data,       ///< RW-: new static data
};

/// A page-aligned part of an image.
struct Segment {
  SegmentKind kind = SegmentKind::code;
  PatchAddress address;           ///< page-aligned
  Bytes bytes;                    ///< initial contents, relocation fields zero or as in the object
  std::uint64_t memory_size = 0;  ///< >= bytes.size(); the rest is zero
  bool operator==(const Segment&) const = default;
};

/// A name for a piece of the image, for tools and for stacks.
struct PatchSymbol {
  std::string name;
  PatchAddress address;
  std::uint64_t size = 0;
  bool is_function = false;
  bool is_local = true;
  bool operator==(const PatchSymbol&) const = default;
};

/// One contiguous part of the target's code, with the bytes it must have there.
struct Extent {
  LinkRange range;
  Bytes pre_image;  ///< exactly range.size bytes
  bool operator==(const Extent&) const = default;
};

/// Eight bytes of a replaced function that the dynamic loader fills in (a text relocation).
struct LoadTimeField {
  static constexpr std::uint64_t size = 8;
  LinkAddress place;
  /// The pre-image holds a link address there, to which the loader adds the load bias; else the field holds
  /// what the loader found for a symbol, and is not compared.
  bool is_own_address = false;
  [[nodiscard]] bool is_inside(LinkRange range) const {
    return place >= range.begin && place + static_cast<std::int64_t>(size) <= range.end();
  }
  bool operator==(const LoadTimeField&) const = default;
};

/// A function of the target that this patch replaces.
struct ReplacedFunction {
  std::string name;
  std::vector<Extent> extents;             ///< the first starts at the entry
  PatchAddress replacement;                ///< the new entry
  std::vector<PatchRange> new_extents;     ///< all parts of the new function, its entry's first
  std::vector<LoadTimeField> load_time{};  ///< ascending, each wholly inside one extent
  /// Of a function shorter than a near jump: places for that jump, which a short one at the entry reaches,
  /// in padding and in the entry's page; nearest first. Which is taken is decided in the target.
  std::vector<Extent> islands{};
  std::uint64_t destroys = 0;  ///< x86_64::RegisterSet that the new code may destroy for its caller
  bool operator==(const ReplacedFunction&) const = default;

  [[nodiscard]] LinkAddress entry() const { return extents.at(0).range.begin; }
};

/// New static data of an image. A later patch of the module that has the same variable goes on with the one
/// that the process uses already.
struct NewVariable {
  std::string identity;  ///< source file and name: equal in two patches where it may be the same variable
  /// Of a variable inside a function: what refers to it, which tells apart those of equal identity. Sorted.
  std::vector<std::string> users;
  PatchAddress address;  ///< in a data segment
  std::uint64_t size = 0;
  std::uint64_t alignment = 1;  ///< a power of two
  std::uint64_t type = 0;       ///< digest of what its bytes mean; 0: not known
  std::uint64_t initial = 0;    ///< digest of what it holds at first
  bool operator==(const NewVariable&) const = default;

  [[nodiscard]] PatchRange range() const { return {address, size}; }
};

/// A function of the module that new code calls, and on whose leaving registers alone it relies (gcc
/// -fipa-ra).
struct Reliance {
  std::string name;
  LinkAddress entry;
  std::uint64_t registers = 0;  ///< x86_64::RegisterSet
  bool operator==(const Reliance&) const = default;
};

/// Whether the target's unwinder must know the code of an image.
enum class UnwindNeed {
  none,      ///< nothing in it calls anything
  wanted,    ///< C code: backtrace() and pthread_cancel(3) are better off knowing it
  required,  ///< C++ code, or a cleanup in it: not knowing it would end the program
};

/// Where the module has a copy of the unwinder of its own (-static-libgcc): its functions
/// __register_frame_info and __deregister_frame_info.
struct OwnUnwinder {
  LinkAddress add, remove;
  bool operator==(const OwnUnwinder&) const = default;
};

/// When a function of the patch is called in the target.
enum class HookKind { pre_apply, post_apply, pre_revert, post_revert };

/// `int name(void)` in the patch, called in the target at a moment of a transaction.
struct Hook {
  HookKind kind = HookKind::pre_apply;
  std::string name;
  PatchAddress address;
  bool operator==(const Hook&) const = default;
};

/// The part of a patch that belongs to one build of one module, in its own window of addresses from 0.
struct Image {
  BuildId module;
  std::string module_name;  ///< soname or file name, for people
  /// Images with the same number are for builds of one module: of them, those in the target are applied.
  std::optional<std::uint32_t> alternatives = {};
  std::vector<Segment> segments;  ///< ascending, not overlapping
  std::vector<PatchSymbol> symbols;
  std::vector<Binding> bindings;
  std::vector<Relocation> relocations;  ///< ascending by place
  std::vector<ReplacedFunction> replaced;
  std::vector<NewVariable> variables;  ///< ascending, not overlapping
  std::vector<Reliance> relies_on;     ///< ascending by entry
  PatchRange eh_frame;      ///< .eh_frame inside a constants segment, terminator included; size 0: none
  PatchRange eh_frame_hdr;  ///< .eh_frame_hdr with its search table (pc-relative, sorted); size 0: none
  UnwindNeed unwind = UnwindNeed::none;
  std::optional<OwnUnwinder> own_unwinder;
  std::vector<Hook> hooks;  ///< in the order in which they are called
  bool operator==(const Image&) const = default;

  /// Bytes of address space from 0 to the end of the last segment, rounded up to pages.
  [[nodiscard]] std::uint64_t window_size() const;
};

/// How far the replaced functions must switch together.
enum class Consistency { all, entry };

/// One thing the review noticed, as stored in the patch.
struct Finding {
  std::string id, level, message, acknowledgement;
  bool operator==(const Finding&) const = default;
};

/// A section of debugging information about the new code (".debug_info" and its like), not loaded. Addresses
/// in it are those of the file: an image's window and a PatchAddress.
struct DebugSection {
  std::string name;
  Bytes bytes;
  bool operator==(const DebugSection&) const = default;
};

struct Patch {
  std::string name;          ///< file name without ".stent"
  std::string description;   ///< CVE, URL, free text
  std::string toolchain;     ///< compiler and stent version that made it
  std::int64_t created = 0;  ///< seconds since the epoch (SOURCE_DATE_EPOCH honoured)
  Consistency consistency = Consistency::all;
  std::vector<Image> images;
  std::vector<Finding> findings;
  std::vector<DebugSection> debug;
  /// Identity: a BLAKE2b-160 digest over everything that has an effect, as a build-id note. Filled by
  /// `write_patch` and `read_patch`.
  BuildId id;
  bool operator==(const Patch&) const = default;
};

}  // namespace stent::patch
