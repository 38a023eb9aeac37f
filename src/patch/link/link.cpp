#include "patch/link/link.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace stent::link {
namespace {

using x86_64::RelocationType;

/// Which numbers a field can hold.
enum class Range {
  any,        ///< 64 bits: everything
  signed_,    ///< sign-extended when used
  unsigned_,  ///< zero-extended when used
  either,     ///< plain 8/16-bit data: signed or unsigned
};

struct FieldRule {
  std::size_t size = 0;
  bool minus_place = false;
  Range range = Range::any;
};

/// psABI, table "Relocation Types".
FieldRule rule_of(RelocationType type, const std::string& name) {
  switch (type) {
    case RelocationType::abs64:
    case RelocationType::tpoff64:
    case RelocationType::dtpoff64: return {8, false, Range::any};
    case RelocationType::pc64: return {8, true, Range::any};
    case RelocationType::pc32:
    case RelocationType::plt32: return {4, true, Range::signed_};
    case RelocationType::abs32: return {4, false, Range::unsigned_};
    case RelocationType::abs32s:
    case RelocationType::tpoff32:
    case RelocationType::dtpoff32: return {4, false, Range::signed_};
    case RelocationType::abs16: return {2, false, Range::either};
    case RelocationType::pc16: return {2, true, Range::signed_};
    case RelocationType::abs8: return {1, false, Range::either};
    case RelocationType::pc8: return {1, true, Range::signed_};
    default:
      throw Error(ErrorCode::bad_input,
                  "relocation type " + std::to_string(static_cast<std::uint32_t>(type)) + " against " + name +
                      " cannot stand in a patch",
                  "the patch is damaged or was made by another stent; make it again");
  }
}

bool fits(std::uint64_t value, const FieldRule& rule) {
  if (rule.range == Range::any) return true;
  const unsigned bits = static_cast<unsigned>(rule.size) * 8;
  const auto as_signed = static_cast<std::int64_t>(value);
  const bool fits_signed =
      as_signed >= -(std::int64_t{1} << (bits - 1)) && as_signed < (std::int64_t{1} << (bits - 1));
  const bool fits_unsigned = value < (std::uint64_t{1} << bits);
  switch (rule.range) {
    case Range::signed_: return fits_signed;
    case Range::unsigned_: return fits_unsigned;
    default: return fits_signed || fits_unsigned;
  }
}

LinkedSegment& segment_at(std::vector<LinkedSegment>& segments, RemoteAddress place, std::size_t size) {
  for (LinkedSegment& segment : segments) {
    const RemoteRange range{segment.address, segment.bytes.size()};
    if (range.contains(place) && static_cast<std::uint64_t>(range.end() - place) >= size) return segment;
  }
  throw Error(ErrorCode::bad_input, "a relocation lies outside the segments of the patch",
              "the patch is damaged; make it again");
}

std::string hexadecimal(std::uint64_t value) {
  std::string text;
  do text.insert(text.begin(), "0123456789abcdef"[value % 16]);
  while ((value /= 16) != 0);
  return "0x" + text;
}

void apply(std::vector<LinkedSegment>& segments, const patch::Relocation& relocation, PatchBase base,
           std::uint64_t target, const std::string& name) {
  if (relocation.type == RelocationType::none) return;
  const FieldRule rule = rule_of(relocation.type, name);
  const RemoteAddress place = base.to_remote(relocation.place);
  LinkedSegment& segment = segment_at(segments, place, rule.size);
  std::uint64_t value = target + static_cast<std::uint64_t>(relocation.addend);
  if (rule.minus_place) value -= place.value;
  if (!fits(value, rule))
    throw Error(
        ErrorCode::mismatch,
        "'" + name + "' at " + hexadecimal(target) + " is out of reach of the " +
            std::to_string(rule.size * 8) + "-bit field at " + hexadecimal(place.value),
        "the patch must lie nearer to its module; no such address was free, or the reference needs a slot");
  const ByteView bytes = as_bytes(std::span(&value, 1));
  std::copy_n(bytes.begin(), rule.size, segment.bytes.begin() + (place - segment.address));
}

}  // namespace

std::vector<LinkedSegment> link(const patch::Image& image, PatchBase base,
                                const std::vector<std::uint64_t>& values) {
  if (values.size() != image.bindings.size())
    throw Error(ErrorCode::internal, std::to_string(values.size()) + " values for " +
                                         std::to_string(image.bindings.size()) + " bindings");
  std::vector<LinkedSegment> segments;
  segments.reserve(image.segments.size());
  for (const patch::Segment& segment : image.segments)
    segments.push_back({segment.kind, base.to_remote(segment.address), segment.bytes, segment.memory_size});
  for (const patch::Relocation& relocation : image.relocations) {
    if (relocation.binding >= image.bindings.size())
      throw Error(ErrorCode::bad_input,
                  "a relocation names binding " + std::to_string(relocation.binding) + " of " +
                      std::to_string(image.bindings.size()),
                  "the patch is damaged; make it again");
    apply(segments, relocation, base, values[relocation.binding], image.bindings[relocation.binding].name);
  }
  return segments;
}

}  // namespace stent::link
