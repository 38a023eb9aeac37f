#include "live/redirect/transit.hpp"

#include <algorithm>
#include <array>

#include "binary/arch/x86_64/jump.hpp"

namespace stent::redirect {
namespace {

constexpr std::array<char, 16> magic{'\177', 's', 't', 'e', 'n', 't', '-',  't',
                                     'r',    'a', 'n', 's', 'i', 't', '\n', 0};
constexpr std::uint32_t version = 2;
constexpr std::uint64_t page = 4096;
constexpr std::uint64_t version_offset = 16, size_offset = 24, decision_offset = 32, slots_offset = 40;
constexpr std::size_t longest = x86_64::near_jump_size;
/// Count of stub ranges, count of passages, head.
constexpr std::uint64_t list_start = 4 * sizeof(std::uint64_t);
constexpr std::uint64_t range_size = 16;
/// Place, both ways, how many bytes change there, three times as many with room for a near jump's.
constexpr std::uint64_t passage_size = 3 * 8 + 1 + 3 * longest;

Error damaged() {
  return {ErrorCode::bad_input, "what a killed stent left in the target is damaged", "restart the target"};
}

Passage parse_passage(ByteView bytes) {
  Passage passage{{load<std::uint64_t>(bytes, 0)}, {}, {}, {}, load<std::uint64_t>(bytes, 8),
                  load<std::uint64_t>(bytes, 16)};
  const std::size_t size = std::to_integer<std::size_t>(bytes[24]);
  if (size == 0 || size > longest) throw damaged();
  std::size_t at = 25;
  for (Bytes* part : {&passage.before, &passage.meanwhile, &passage.after}) {
    const ByteView view = bytes.subspan(at, size);
    part->assign(view.begin(), view.end());
    at += longest;
  }
  return passage;
}

}  // namespace

RemoteAddress slot_address(RemoteAddress head, std::size_t index) {
  return head + static_cast<std::int64_t>(slots_offset + index * sizeof(std::uint64_t));
}

std::uint64_t head_room(std::size_t passages, std::size_t stub_ranges) {
  return page + list_start + stub_ranges * range_size + passages * passage_size;
}

RemoteAddress Transit::decision_at() const { return head.begin + static_cast<std::int64_t>(decision_offset); }

std::vector<RemoteRange> Transit::islands() const {
  std::vector<RemoteRange> found;
  for (const Passage& passage : passages)
    if (passage.meanwhile.size() == x86_64::short_jump_size)
      found.push_back(
          {passage.place + (std::int64_t{x86_64::short_jump_size} + load<std::int8_t>(passage.meanwhile, 1)),
           x86_64::near_jump_size});
  return found;
}

Bytes Transit::decided(Decision wanted) const {
  Bytes bytes((1 + passages.size()) * sizeof(std::uint64_t));
  store(bytes, 0, static_cast<std::uint64_t>(wanted));
  for (std::size_t i = 0; i < passages.size(); ++i)
    store(bytes, (1 + i) * sizeof(std::uint64_t),
          wanted == Decision::old_code ? passages[i].old_way : passages[i].new_way);
  return bytes;
}

Bytes serialise(const Transit& transit) {
  const std::uint64_t size = head_room(transit.passages.size(), transit.stubs.size());
  Bytes out(size);
  std::ranges::copy(as_bytes(magic), out.begin());
  store(out, version_offset, version);
  store(out, size_offset, size);
  std::ranges::copy(transit.decided(transit.decision), out.begin() + decision_offset);
  store<std::uint64_t>(out, page, transit.stubs.size());
  store<std::uint64_t>(out, page + 8, transit.passages.size());
  store(out, page + 16, transit.head.begin.value);
  store(out, page + 24, transit.head.size);
  std::uint64_t at = page + list_start;
  for (const RemoteRange& range : transit.stubs) {
    store(out, at, range.begin.value);
    store(out, at + 8, range.size);
    at += range_size;
  }
  for (const Passage& passage : transit.passages) {
    store(out, at, passage.place.value);
    store(out, at + 8, passage.old_way);
    store(out, at + 16, passage.new_way);
    store(out, at + 24, static_cast<std::uint8_t>(passage.after.size()));
    std::uint64_t field = at + 25;
    for (const Bytes* bytes : {&passage.before, &passage.meanwhile, &passage.after}) {
      std::ranges::copy(*bytes, out.begin() + static_cast<std::ptrdiff_t>(field));
      field += longest;
    }
    at += passage_size;
  }
  return out;
}

namespace {

/// Enough of the head to ask for `transit_size`.
constexpr std::uint64_t transit_start_size = 40;

/// Bytes of the whole head that begins with `start`; 0 when that is no transit of a version known here.
std::uint64_t transit_size(ByteView start) {
  if (!std::ranges::equal(start.first(magic.size()), as_bytes(magic))) return 0;
  return load<std::uint32_t>(start, version_offset) == version ? load<std::uint64_t>(start, size_offset) : 0;
}

Transit parse(ByteView bytes) {
  Transit transit;
  transit.decision = static_cast<Decision>(load<std::uint64_t>(bytes, decision_offset));
  const auto ranges = load<std::uint64_t>(bytes, page), passages = load<std::uint64_t>(bytes, page + 8);
  if (passages > most_slots || ranges > most_slots || bytes.size() != head_room(passages, ranges) ||
      (transit.decision != Decision::old_code && transit.decision != Decision::new_code))
    throw damaged();
  transit.head = {{load<std::uint64_t>(bytes, page + 16)}, load<std::uint64_t>(bytes, page + 24)};
  std::uint64_t at = page + list_start;
  for (std::uint64_t i = 0; i < ranges; ++i, at += range_size)
    transit.stubs.push_back({{load<std::uint64_t>(bytes, at)}, load<std::uint64_t>(bytes, at + 8)});
  for (std::uint64_t i = 0; i < passages; ++i, at += passage_size)
    transit.passages.push_back(parse_passage(bytes.subspan(at, passage_size)));
  return transit;
}

}  // namespace

std::vector<Transit> find_transits(const std::vector<process::Mapping>& mappings,
                                   const process::RemoteMemory& memory) {
  std::vector<Transit> found;
  for (const process::Mapping& mapping : mappings) {
    const bool is_candidate = mapping.permissions == process::Permissions{true, false, false, false} &&
                              (mapping.name.empty() || mapping.name.ends_with(transit_name));
    if (!is_candidate) continue;
    Bytes start(transit_start_size);
    if (!memory.try_read(mapping.range.begin, start)) continue;
    const std::uint64_t size = transit_size(start);
    if (size == 0 || size > mapping.range.size) continue;
    Bytes bytes(size);
    if (memory.try_read(mapping.range.begin, bytes)) found.push_back(parse(bytes));
  }
  return found;
}

}  // namespace stent::redirect
