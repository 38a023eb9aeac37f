#include "live/unwind/arch_x86_64_scan.hpp"

#include <immintrin.h>

#include <array>
#include <cstring>

namespace stent::unwind {
namespace {

constexpr std::size_t block_bytes = block_words * sizeof(std::uint64_t);
constexpr std::size_t vector_bytes = 32;

__attribute__((target("avx2"))) void find_blocks_avx2(const std::byte* words, std::size_t block_count,
                                                      std::span<const Band> bands, std::uint64_t guard,
                                                      std::vector<std::uint32_t>& blocks) {
  // There is only a signed comparison: both sides are moved by 2^63.
  constexpr std::uint64_t sign = std::uint64_t{1} << 63U;
  __m256i low[Bands::most] = {}, span[Bands::most] = {};  // NOLINT: std::array drops their alignment
  for (std::size_t b = 0; b < bands.size(); ++b) {
    low[b] = _mm256_set1_epi64x(static_cast<long long>(bands[b].low + sign));
    span[b] = _mm256_set1_epi64x(static_cast<long long>(bands[b].span ^ sign));
  }
  const __m256i guards = _mm256_set1_epi64x(static_cast<long long>(guard));
  for (std::size_t i = 0; i < block_count; ++i) {
    __m256i outside = _mm256_set1_epi64x(-1);
    for (std::size_t k = 0; k < block_bytes; k += vector_bytes) {
      const auto* from = reinterpret_cast<const __m256i*>(words + i * block_bytes + k);  // NOLINT
      const __m256i plain = _mm256_loadu_si256(from);
      const __m256i rotated = _mm256_or_si256(_mm256_srli_epi64(plain, 17), _mm256_slli_epi64(plain, 47));
      const __m256i free = _mm256_xor_si256(rotated, guards);
      for (std::size_t b = 0; b < bands.size(); ++b) {
        outside = _mm256_and_si256(outside, _mm256_cmpgt_epi64(_mm256_sub_epi64(plain, low[b]), span[b]));
        outside = _mm256_and_si256(outside, _mm256_cmpgt_epi64(_mm256_sub_epi64(free, low[b]), span[b]));
      }
    }
    if (_mm256_movemask_epi8(outside) != -1) blocks.push_back(static_cast<std::uint32_t>(i));
  }
}

__attribute__((target("avx512f"))) void find_blocks_avx512(const std::byte* words, std::size_t block_count,
                                                           std::span<const Band> bands, std::uint64_t guard,
                                                           std::vector<std::uint32_t>& blocks) {
  constexpr std::size_t half = block_bytes / 2;
  constexpr __mmask8 all = 0xff;  // gcc warns of its own rotation without a mask
  const __m512i guards = _mm512_set1_epi64(static_cast<long long>(guard));
  for (std::size_t i = 0; i < block_count; ++i) {
    const __m512i one = _mm512_loadu_si512(words + i * block_bytes);
    const __m512i two = _mm512_loadu_si512(words + i * block_bytes + half);
    const __m512i free_one = _mm512_xor_si512(_mm512_maskz_ror_epi64(all, one, 17), guards);
    const __m512i free_two = _mm512_xor_si512(_mm512_maskz_ror_epi64(all, two, 17), guards);
    unsigned inside = 0;
    for (const Band& band : bands) {
      const __m512i low = _mm512_set1_epi64(static_cast<long long>(band.low));
      const __m512i span = _mm512_set1_epi64(static_cast<long long>(band.span));
      inside |= _mm512_cmple_epu64_mask(_mm512_sub_epi64(one, low), span);
      inside |= _mm512_cmple_epu64_mask(_mm512_sub_epi64(two, low), span);
      inside |= _mm512_cmple_epu64_mask(_mm512_sub_epi64(free_one, low), span);
      inside |= _mm512_cmple_epu64_mask(_mm512_sub_epi64(free_two, low), span);
    }
    if (inside != 0) blocks.push_back(static_cast<std::uint32_t>(i));
  }
}

using FindBlocks = void (*)(const std::byte*, std::size_t, std::span<const Band>, std::uint64_t,
                            std::vector<std::uint32_t>&);

FindBlocks fastest() {
  if (__builtin_cpu_supports("avx512f") != 0) return &find_blocks_avx512;
  return __builtin_cpu_supports("avx2") != 0 ? &find_blocks_avx2 : &find_blocks_portably;
}

}  // namespace

void find_blocks_portably(const std::byte* words, std::size_t block_count, std::span<const Band> bands,
                          std::uint64_t guard, std::vector<std::uint32_t>& blocks) {
  std::array<std::uint64_t, block_words> block{};
  for (std::size_t i = 0; i < block_count; ++i) {
    std::memcpy(block.data(), words + i * block_bytes, block_bytes);
    bool any = false;
    for (const Band& band : bands)
      for (const std::uint64_t word : block)
        any = any || band.contains(word) || band.contains(unmangled(word, guard));
    if (any) blocks.push_back(static_cast<std::uint32_t>(i));
  }
}

void find_blocks(const std::byte* words, std::size_t block_count, std::span<const Band> bands,
                 std::uint64_t guard, std::vector<std::uint32_t>& blocks) {
  static const FindBlocks find = fastest();
  find(words, block_count, bands, guard, blocks);
}

}  // namespace stent::unwind
