#include "live/unwind/scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace stent::unwind {
namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);
constexpr std::size_t block_words = 16;

/// Calls `look(slot, word)` for every aligned word in [low, high]; blocks without one cost no branch a word.
template <class Look>
void for_words_within(ByteView memory, RemoteAddress at, std::uint64_t low, std::uint64_t high,
                      const Look& look) {
  const std::size_t skip = static_cast<std::size_t>(-at.value % word_size);
  if (memory.size() < skip + word_size) return;
  const std::byte* from = memory.data() + skip;
  const std::size_t words = (memory.size() - skip) / word_size;
  const std::uint64_t span = high - low;
  std::array<std::uint64_t, block_words> block{};
  for (std::size_t i = 0; i < words; i += block_words) {
    const std::size_t count = std::min(block_words, words - i);
    std::memcpy(block.data(), from + i * word_size, count * word_size);
    std::uint64_t any = 0;
    for (std::size_t k = 0; k < block_words; ++k) any |= static_cast<std::uint64_t>(block[k] - low <= span);
    if (any == 0) continue;
    for (std::size_t k = 0; k < count; ++k)
      if (block[k] - low <= span) look(at + static_cast<std::int64_t>(skip + (i + k) * word_size), block[k]);
  }
}

}  // namespace

std::vector<Hit> scan(ByteView memory, RemoteAddress at, const ForbiddenCode& forbidden) {
  std::vector<Hit> hits;
  if (forbidden.pieces().empty()) return hits;
  const std::uint64_t low = forbidden.pieces().front().range.begin.value;
  std::uint64_t high = low;
  for (const CodePiece& piece : forbidden.pieces()) high = std::max(high, piece.range.end().value);
  for_words_within(memory, at, low, high, [&](RemoteAddress slot, std::uint64_t word) {
    if (const CodePiece* piece = forbidden.at_value({word})) hits.push_back({slot, {word}, piece});
  });
  return hits;
}

std::optional<Hit> find_value(ByteView memory, RemoteAddress at, std::span<const RemoteRange> ranges) {
  std::optional<Hit> found;
  if (ranges.empty()) return found;
  std::uint64_t low = ~std::uint64_t{0}, high = 0;
  for (const RemoteRange& range : ranges) {
    low = std::min(low, range.begin.value);
    high = std::max(high, range.end().value);
  }
  for_words_within(memory, at, low, high, [&](RemoteAddress slot, std::uint64_t word) {
    if (found) return;
    for (const RemoteRange& range : ranges)
      if (range.contains({word})) found = Hit{slot, {word}, nullptr};
  });
  return found;
}

}  // namespace stent::unwind
