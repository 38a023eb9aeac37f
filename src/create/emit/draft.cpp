#include "create/emit/draft.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "patch/page.hpp"

namespace stent::emit {
namespace {

using patch::SegmentKind;
using x86_64::RelocationType;

constexpr std::byte trap{0xcc};  // int3 between functions

/// Bytes of a program-counter relative field; 0 for other types.
std::size_t pc_relative_size(RelocationType type) {
  switch (type) {
    case RelocationType::pc64: return 8;
    case RelocationType::pc32:
    case RelocationType::plt32: return 4;
    case RelocationType::pc16: return 2;
    case RelocationType::pc8: return 1;
    default: return 0;
  }
}

std::uint32_t index_of(std::vector<patch::Binding>& bindings, const patch::Binding& wanted) {
  const auto found = std::find(bindings.begin(), bindings.end(), wanted);
  const auto index = static_cast<std::uint32_t>(found - bindings.begin());
  if (found == bindings.end()) bindings.push_back(wanted);
  return index;
}

/// A function that ends with a call that never returns has its end as a return address: the address of the
/// next one must be another, or a pointer to that one would look like a suspended stack in this one.
std::uint64_t gap_before(SegmentKind segment, std::uint64_t used) {
  return segment == SegmentKind::code && used > 0 ? 1 : 0;
}

}  // namespace

Spot Draft::append(SegmentKind segment, ByteView bytes, std::uint64_t size, std::uint64_t alignment) {
  if (alignment == 0) alignment = 1;
  if (alignment > patch::page_size || (alignment & (alignment - 1)) != 0)
    throw Error(ErrorCode::refused, "an alignment of " + std::to_string(alignment) + " bytes cannot be kept",
                "a patch aligns to at most a page (4096)");
  Contents& to = contents(segment);
  const std::uint64_t free = to.memory_size + gap_before(segment, to.memory_size);
  const std::uint64_t at = (free + alignment - 1) / alignment * alignment;
  if (!bytes.empty()) {
    if (to.memory_size > to.bytes.size())
      throw Error(ErrorCode::internal, "contents after zero-only contents");
    to.bytes.resize(at, segment == SegmentKind::code ? trap : std::byte{0});
    to.bytes.insert(to.bytes.end(), bytes.begin(), bytes.end());
    if (size > bytes.size()) to.bytes.resize(at + size);
  }
  to.memory_size = at + std::max<std::uint64_t>(size, bytes.size());
  return {segment, at};
}

void Draft::add_symbol(std::string name, Spot at, std::uint64_t size, bool is_function, bool is_local) {
  symbols_.push_back({std::move(name), at, size, is_function, is_local});
}

Spot Draft::slot(const Target& target, RelocationType type, const std::string& name) {
  for (const Request& request : slots_)
    if (request.target == target && request.type == type) return request.made;
  const Spot made = append(SegmentKind::constants, Bytes(8), 8, 8);
  fix({made, type, target, 0, name});
  add_symbol("got." + name, made, 8, false, true);
  slots_.push_back({target, type, made});
  return made;
}

Spot Draft::thread_pair(std::uint64_t offset, const std::string& name) {
  if (const auto known = thread_pairs_.find(offset); known != thread_pairs_.end()) return known->second;
  Bytes slots(16);
  store(slots, 8, offset);
  const Spot made = append(SegmentKind::constants, slots, slots.size(), 8);
  fix({made, RelocationType::abs64, patch::Binding{"thread-local module", patch::ThreadModule{}}, 0, name});
  add_symbol("got.tls." + name, made, slots.size(), false, true);
  thread_pairs_.emplace(offset, made);
  return made;
}

Spot Draft::thread_descriptor(const Target& target, const std::string& name) {
  for (const Request& request : descriptors_)
    if (request.target == target) return request.made;
  if (!descriptor_function_) {
    constexpr std::array<unsigned char, 8> load_second_slot{0x48, 0x8b, 0x40, 0x08, 0xc3, 0xcc, 0xcc, 0xcc};
    descriptor_function_ = append(SegmentKind::code, as_bytes(load_second_slot), 8, 16);
    add_symbol("tlsdesc.return", *descriptor_function_, 5, true, true);
  }
  const Spot made = append(SegmentKind::constants, Bytes(16), 16, 8);
  fix({made, RelocationType::abs64, *descriptor_function_, 0, "tlsdesc.return"});
  fix({made + 8, RelocationType::tpoff64, target, 0, name});
  add_symbol("got.tlsdesc." + name, made, 16, false, true);
  descriptors_.push_back({target, RelocationType::tpoff64, made});
  return made;
}

Spot Draft::stub(const Target& slot, const std::string& name) {
  for (const Request& request : stubs_)
    if (request.target == slot) return request.made;
  // Eight bytes apart; the two trap bytes are never reached.
  const Bytes code{std::byte{0xff}, std::byte{0x25}, {}, {}, {}, {}, trap, trap};
  const Spot made = append(SegmentKind::code, code, code.size(), stubs_.empty() ? 16 : 8);
  fix({made + 2, RelocationType::pc32, slot, -4, name});
  add_symbol("stub." + name, made, 6, true, true);
  stubs_.push_back({slot, RelocationType::pc32, made});
  return made;
}

std::uint64_t Draft::size(SegmentKind segment) const {
  return segments_[static_cast<std::size_t>(segment)].memory_size;
}

PatchAddress Draft::address_of(Spot spot) const {
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(spot.segment); ++i)
    base += patch::page_up(segments_[i].memory_size);
  return {base + spot.offset};
}

void Draft::write(Spot at, ByteView bytes) {
  Bytes& to = contents(at.segment).bytes;
  if (at.offset > to.size() || bytes.size() > to.size() - at.offset)
    throw Error(ErrorCode::internal, "a write outside the draft");
  std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(at.offset));
}

void Draft::resolve_inside(patch::Image& image, const Fixup& fixup, PatchAddress target) const {
  const std::size_t size = pc_relative_size(fixup.type);
  const PatchAddress place = address_of(fixup.place);
  // Data may turn out to be an earlier patch's (patch::NewVariable).
  const bool is_data = std::get<Spot>(fixup.target).segment == SegmentKind::data;
  if (size == 0 || is_data) {
    const std::uint32_t binding = index_of(image.bindings, {fixup.name, patch::OwnImage{target}});
    image.relocations.push_back({place, fixup.type, binding, fixup.addend});
    return;
  }
  const std::int64_t value = (target + fixup.addend) - place;
  const unsigned spare = static_cast<unsigned>(8 - size) * 8;
  const auto narrowed = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << spare) >> spare;
  if (narrowed != value)
    throw Error(ErrorCode::refused,
                "'" + fixup.name + "' is too far for a field of " + std::to_string(size) + " bytes",
                "the patch is too large for this code model");
  for (patch::Segment& segment : image.segments) {
    const PatchRange range{segment.address, segment.bytes.size()};
    if (!range.contains(place) || range.end().value - place.value < size) continue;
    const ByteView bytes = as_bytes(std::span(&value, 1)).first(size);
    std::copy(bytes.begin(), bytes.end(), segment.bytes.begin() + (place - segment.address));
    return;
  }
  throw Error(ErrorCode::internal, "a field outside the segments");
}

patch::Image Draft::finish() const {
  patch::Image image;
  for (std::size_t i = 0; i < 3; ++i) {
    if (segments_[i].memory_size == 0) continue;
    const auto kind = static_cast<SegmentKind>(i);
    image.segments.push_back({kind, address_of({kind, 0}), segments_[i].bytes, segments_[i].memory_size});
  }
  for (const Fixup& fixup : fixups_) {
    if (const Spot* inside = std::get_if<Spot>(&fixup.target)) {
      resolve_inside(image, fixup, address_of(*inside));
      continue;
    }
    const std::uint32_t binding = index_of(image.bindings, std::get<patch::Binding>(fixup.target));
    image.relocations.push_back({address_of(fixup.place), fixup.type, binding, fixup.addend});
  }
  std::sort(image.relocations.begin(), image.relocations.end(),
            [](const patch::Relocation& a, const patch::Relocation& b) { return a.place < b.place; });
  for (const NamedSpot& symbol : symbols_)
    image.symbols.push_back(
        {symbol.name, address_of(symbol.at), symbol.size, symbol.is_function, symbol.is_local});
  return image;
}

}  // namespace stent::emit
