// An image of a patch while it is written: three growing segments and fields that wait for final addresses.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "patch/patch.hpp"

namespace stent::emit {

/// A position in one of the segments of the draft, in bytes from that segment's start.
struct Spot {
  patch::SegmentKind segment = patch::SegmentKind::code;
  std::uint64_t offset = 0;

  auto operator<=>(const Spot&) const = default;
  [[nodiscard]] Spot operator+(std::uint64_t bytes) const { return {segment, offset + bytes}; }
};

/// What a field names: something inside the image, or a binding out of it.
using Target = std::variant<Spot, patch::Binding>;

/// A field whose value is known only when every segment has its address. `type` is one of those patch/link
/// knows.
struct Fixup {
  Spot place;
  x86_64::RelocationType type = x86_64::RelocationType::none;
  Target target;
  std::int64_t addend = 0;
  std::string name;  ///< of the target, for people
};

class Draft {
 public:
  /// Appends `bytes`, then zeros up to `size`; pads before it to `alignment`. Bytes after zero-only contents
  /// of the data segment are not allowed (throws `internal`), so zero atoms go last.
  Spot append(patch::SegmentKind segment, ByteView bytes, std::uint64_t size, std::uint64_t alignment);
  void fix(Fixup fixup) { fixups_.push_back(std::move(fixup)); }
  void add_symbol(std::string name, Spot at, std::uint64_t size, bool is_function, bool is_local);

  /// An 8-byte slot of the patch's own GOT; equal requests share one. `type`: abs64 or tpoff64.
  Spot slot(const Target& target, x86_64::RelocationType type, const std::string& name);
  /// Two slots that tell __tls_get_addr where a thread-local is: the module's number, `offset` in its block.
  Spot thread_pair(std::uint64_t offset, const std::string& name);
  /// Two slots of a TLS descriptor (psABI, GNU2 dialect) whose function answers with the value of `target`.
  Spot thread_descriptor(const Target& target, const std::string& name);
  /// `jmp *slot(%rip)` in the code segment; `slot` is an own slot or the binding of a slot of the module.
  Spot stub(const Target& slot, const std::string& name);

  [[nodiscard]] std::uint64_t size(patch::SegmentKind segment) const;
  /// The final address of `spot`; right once the segments before it have their final size.
  [[nodiscard]] PatchAddress address_of(Spot spot) const;
  void write(Spot at, ByteView bytes);

  /// Segments, symbols, bindings and relocations; every relative field that leads to code or constants of the
  /// image is written.
  [[nodiscard]] patch::Image finish() const;

 private:
  struct Contents {
    Bytes bytes;
    std::uint64_t memory_size = 0;
  };
  struct NamedSpot {
    std::string name;
    Spot at;
    std::uint64_t size;
    bool is_function, is_local;
  };
  struct Request {
    Target target;
    x86_64::RelocationType type;
    Spot made;
  };

  Contents& contents(patch::SegmentKind segment) { return segments_[static_cast<std::size_t>(segment)]; }
  void resolve_inside(patch::Image& image, const Fixup& fixup, PatchAddress target) const;

  Contents segments_[3];
  std::vector<Fixup> fixups_;
  std::vector<NamedSpot> symbols_;
  std::vector<Request> slots_, stubs_, descriptors_;
  std::map<std::uint64_t, Spot> thread_pairs_;
  std::optional<Spot> descriptor_function_;
};

}  // namespace stent::emit
