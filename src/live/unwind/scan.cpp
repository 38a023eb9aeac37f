#include "live/unwind/scan.hpp"

#include <algorithm>

#include "live/unwind/arch_x86_64_call_site.hpp"
#include "live/unwind/arch_x86_64_scan.hpp"

namespace stent::unwind {
namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);
constexpr std::size_t block_size = block_words * word_size;

/// Calls `look(slot, word)` for the aligned words of every block that holds one of `bands`, until it returns
/// false.
template <class Look>
void for_words_within(ByteView memory, RemoteAddress at, const Bands& bands, std::uint64_t guard,
                      const Look& look) {
  const std::size_t skip = static_cast<std::size_t>(-at.value % word_size);
  if (bands.all().empty() || memory.size() < skip + word_size) return;
  const ByteView words = memory.subspan(skip, (memory.size() - skip) / word_size * word_size);
  const RemoteAddress first = at + static_cast<std::int64_t>(skip);
  const std::size_t blocks = words.size() / block_size;
  std::vector<std::uint32_t> found;
  find_blocks(words.data(), blocks, bands.all(), guard, found);
  const auto look_from = [&](std::size_t block) {
    const std::size_t end = std::min((block + 1) * block_size, words.size());
    for (std::size_t offset = block * block_size; offset < end; offset += word_size)
      if (!look(first + static_cast<std::int64_t>(offset), load<std::uint64_t>(words, offset))) return false;
    return true;
  };
  for (const std::uint32_t block : found)
    if (!look_from(block)) return;
  look_from(blocks);  // the words after the last whole block
}

}  // namespace

void scan(ByteView memory, RemoteAddress at, const ForbiddenCode& forbidden, std::uint64_t guard,
          std::vector<Hit>& hits, std::size_t most, Memory kind) {
  const bool is_stack = kind == Memory::stack;
  const Bands& bands = is_stack ? forbidden.stack_bands() : forbidden.bands();
  for_words_within(memory, at, bands, guard, [&](RemoteAddress slot, std::uint64_t word) {
    if (is_stack && word == signal_segments) hits.push_back({slot, {word}, nullptr, false});
    if (const CodePiece* piece = forbidden.at_value({word})) hits.push_back({slot, {word}, piece, false});
    const RemoteAddress plain{unmangled(word, guard)};
    if (const CodePiece* piece = forbidden.at_value(plain)) hits.push_back({slot, plain, piece, true});
    return hits.size() < most;
  });
}

std::optional<Hit> find_value(ByteView memory, RemoteAddress at, std::span<const RemoteRange> ranges) {
  std::optional<Hit> found;
  for_words_within(memory, at, Bands(ranges), 0, [&](RemoteAddress slot, std::uint64_t word) {
    for (const RemoteRange& range : ranges)
      if (range.contains({word})) found = Hit{slot, {word}, nullptr, false};
    return !found;
  });
  return found;
}

}  // namespace stent::unwind
