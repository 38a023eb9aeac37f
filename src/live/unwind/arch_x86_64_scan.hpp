// The inner loop of a scan on x86-64: which blocks of words hold a value worth a closer look.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "live/unwind/bands.hpp"

namespace stent::unwind {

inline constexpr std::size_t block_words = 16;

/// What setjmp does to the program counter it saves: xor with the thread's guard, then a rotation
/// (glibc sysdeps/unix/sysv/linux/x86_64/pointer_guard.h).
[[nodiscard]] constexpr std::uint64_t unmangled(std::uint64_t word, std::uint64_t guard) {
  return (word >> 17U | word << 47U) ^ guard;
}

/// Appends to `blocks` the number of every block of 16 words of `words` (whole blocks only) in which some
/// word, as it is or unmangled with `guard`, lies in one of `bands`. Uses AVX-512 or AVX2 where the processor
/// has it.
void find_blocks(const std::byte* words, std::size_t block_count, std::span<const Band> bands,
                 std::uint64_t guard, std::vector<std::uint32_t>& blocks);

/// The same without special instructions, for processors that have none and to compare with.
void find_blocks_portably(const std::byte* words, std::size_t block_count, std::span<const Band> bands,
                          std::uint64_t guard, std::vector<std::uint32_t>& blocks);

}  // namespace stent::unwind
