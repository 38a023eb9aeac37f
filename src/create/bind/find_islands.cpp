#include "create/bind/find_islands.hpp"

#include <algorithm>
#include <cstdlib>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::bind {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t largest_alignment = 64;

using x86_64::Flow;

/// What is known to be functions, ascending; ranges may overlap.
std::vector<LinkRange> known_functions(const model::Image& image) {
  std::vector<LinkRange> known = image.function_extents;
  for (const model::ImageSymbol& symbol : image.symbols)
    if (symbol.type == model::SymbolType::function && symbol.size > 0)
      known.push_back({symbol.address, symbol.size});
  std::ranges::sort(known);
  return known;
}

/// Between two neighbours of `known`, as far as it could be alignment of the second.
std::vector<LinkRange> gaps_near(const std::vector<LinkRange>& known, LinkRange function) {
  std::vector<LinkRange> gaps;
  LinkAddress end{};
  for (const LinkRange& range : known) {
    const std::uint64_t alignment = range.begin.value & -range.begin.value;
    const std::int64_t size = range.begin - end;
    if (end.value != 0 && size >= static_cast<std::int64_t>(x86_64::near_jump_size) &&
        static_cast<std::uint64_t>(size) < std::min(alignment, largest_alignment) &&
        std::abs(end - function.begin) < static_cast<std::int64_t>(page))
      gaps.push_back({end, static_cast<std::uint64_t>(size)});
    end = std::max(end, range.end());
  }
  return gaps;
}

bool never_goes_on(Flow flow) {
  return flow == Flow::jump || flow == Flow::indirect_jump || flow == Flow::ret || flow == Flow::stop;
}

/// A call that does not return is no such end: its return address is the padding's.
bool follows_an_end(const model::Image& image, const std::vector<LinkRange>& known, LinkAddress gap) {
  return std::ranges::any_of(known, [&](const LinkRange& range) {
    if (range.end() != gap) return false;
    const auto code = image.read(range.begin, range.size);
    const auto instructions = code ? x86_64::decode(*code) : std::vector<x86_64::Instruction>();
    return !instructions.empty() && instructions.back().end() == range.size &&
           never_goes_on(instructions.back().flow);
  });
}

bool is_padding(const model::Image& image, LinkRange gap) {
  const model::ImageSegment* segment = image.segment_of(gap.begin);
  const auto code = image.read(gap.begin, gap.size);
  if (!code || segment == nullptr || !segment->executable) return false;
  for (std::size_t at = 0; at < code->size();) {
    const ByteView rest = ByteView(*code).subspan(at);
    const auto one = x86_64::decode_one(rest);
    if (!one || (!one->is_nop && rest[0] != std::byte{0xcc})) return false;
    at += one->length;
  }
  return std::ranges::none_of(image.symbols, [&](const model::ImageSymbol& symbol) {
    return symbol.type != model::SymbolType::tls &&
           LinkRange{symbol.address, std::max<std::uint64_t>(symbol.size, 1)}.overlaps(gap);
  });
}

/// Which of some gaps something in the image leads to.
class Reached {
 public:
  Reached(const model::Image& image, const std::vector<LinkRange>& known, std::vector<LinkRange> gaps)
      : image_(image), gaps_(std::move(gaps)), is_reached_(gaps_.size()) {
    for (const auto& [place, value] : image.local_got) mark(value);
    for (const auto& [resolver, slot] : image.ifunc_slots) mark(resolver);
    for (const model::ImageSegment& segment : image.segments) {
      words(segment, sizeof(std::uint64_t));
      if (!image.is_position_independent) words(segment, sizeof(std::uint32_t));
      if (segment.executable) code(segment, known);
    }
  }

  [[nodiscard]] std::vector<LinkRange> left_alone() const {
    std::vector<LinkRange> left;
    for (std::size_t i = 0; i < gaps_.size(); ++i)
      if (!is_reached_[i]) left.push_back(gaps_[i]);
    return left;
  }

 private:
  void mark(LinkAddress to) {
    const auto after = std::ranges::upper_bound(gaps_, to, {}, &LinkRange::begin);
    if (after == gaps_.begin() || !std::prev(after)->contains(to)) return;
    is_reached_[static_cast<std::size_t>(after - gaps_.begin()) - 1] = true;
  }

  void words(const model::ImageSegment& segment, std::size_t size) {
    const ByteView bytes = segment.bytes;
    for (std::size_t at = 0; at + size <= bytes.size(); at += size)
      mark({size == sizeof(std::uint32_t) ? load<std::uint32_t>(bytes, at) : load<std::uint64_t>(bytes, at)});
  }

  /// Everything executable, from each known function's begin to the next one's.
  void code(const model::ImageSegment& segment, const std::vector<LinkRange>& known) {
    const LinkAddress end = segment.memory.begin + static_cast<std::int64_t>(segment.bytes.size());
    LinkAddress at = segment.memory.begin;
    for (const LinkRange& range : known) {
      if (range.begin <= at || range.begin >= end) continue;
      piece(segment, at, range.begin);
      at = range.begin;
    }
    piece(segment, at, end);
  }

  void piece(const model::ImageSegment& segment, LinkAddress begin, LinkAddress end) {
    while (begin < end) {
      const ByteView bytes = ByteView(segment.bytes)
                                 .subspan(static_cast<std::size_t>(begin - segment.memory.begin),
                                          static_cast<std::size_t>(end - begin));
      const auto instructions = x86_64::decode(bytes);
      for (const x86_64::Instruction& one : instructions) operands(one, bytes, begin);
      begin = begin + (instructions.empty() ? 1 : std::int64_t{instructions.back().end()} + 1);
    }
  }

  void operands(const x86_64::Instruction& one, ByteView bytes, LinkAddress begin) {
    if (one.branch_target) mark(begin + *one.branch_target);
    if (one.memory_target) mark(begin + *one.memory_target);
    for (const auto& field : {one.immediate, one.memory_is_rip_relative ? std::nullopt : one.memory}) {
      if (!field) continue;
      const std::uint64_t at = one.offset + field->offset;
      if (field->size == sizeof(std::uint64_t)) mark({load<std::uint64_t>(bytes, at)});
      if (field->size == sizeof(std::uint32_t) && !image_.is_position_independent)
        mark({load<std::uint32_t>(bytes, at)});
    }
  }

  const model::Image& image_;
  std::vector<LinkRange> gaps_;
  std::vector<bool> is_reached_;
};

void cut(const model::Image& image, LinkRange gap, LinkRange function, std::vector<patch::Extent>& islands) {
  constexpr std::int64_t size = x86_64::near_jump_size;
  const auto page_of = [](LinkAddress at) { return at.value / page; };
  for (LinkAddress at = gap.begin; at + size <= gap.end(); at = at + size) {
    const bool is_in_page =
        page_of(at) == page_of(function.begin) && page_of(at + (size - 1)) == page_of(function.begin);
    if (!is_in_page || !x86_64::short_jump(function.begin.value, at.value)) continue;
    islands.push_back({{at, size}, image.read(at, size).value()});
  }
}

}  // namespace

std::vector<patch::Extent> find_islands(const model::Image& image, LinkRange function) {
  const auto known = known_functions(image);
  std::vector<LinkRange> gaps = gaps_near(known, function);
  std::erase_if(gaps, [&](const LinkRange& gap) {
    return !is_padding(image, gap) || !follows_an_end(image, known, gap.begin);
  });
  std::vector<patch::Extent> islands;
  if (gaps.empty()) return islands;
  for (const LinkRange& gap : Reached(image, known, gaps).left_alone()) cut(image, gap, function, islands);
  std::ranges::stable_sort(islands, {}, [&](const patch::Extent& island) {
    return std::abs(island.range.begin - function.begin);
  });
  return islands;
}

}  // namespace stent::bind
