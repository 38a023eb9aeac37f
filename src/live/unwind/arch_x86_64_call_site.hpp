// Recognising, by the bytes around it, an address that a call or a signal left behind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stent::unwind {

inline constexpr std::size_t call_site_size = 8;

/// Bytes of `call r/m64` (ff /2, no prefix) with this ModRM byte and the SIB byte that may follow it.
[[nodiscard]] constexpr std::size_t indirect_call_size(std::uint8_t modrm, std::uint8_t sib) {
  const unsigned mode = modrm >> 6U, base = modrm & 7U;
  const bool has_sib = mode != 3 && base == 4;
  const bool has_address = mode == 0 && (base == 5 || (has_sib && (sib & 7U) == 5));
  return 2U + (has_sib ? 1U : 0U) + (mode == 1 ? 1U : 0U) + (mode == 2 || has_address ? 4U : 0U);
}

/// True when `code`, the bytes before an address, ends with a call instruction.
[[nodiscard]] constexpr bool ends_with_call(const std::array<std::uint8_t, call_site_size>& code) {
  if (code[3] == 0xe8) return true;                      // call rel32
  for (std::size_t length = 2; length <= 7; ++length) {  // call r/m64: ff /2 with its operand's length
    const std::size_t at = call_site_size - length;
    const bool is_call = code[at] == 0xff && (code[at + 1] & 0x38U) == 0x10;
    if (is_call && indirect_call_size(code[at + 1], length > 2 ? code[at + 2] : std::uint8_t{0}) == length)
      return true;
  }
  return false;
}

/// The word that the kernel saves after flags with every program counter a signal interrupts: the segments of
/// 64-bit user code (struct sigcontext; ss, fs, gs, cs from the top).
inline constexpr std::uint64_t signal_segments = 0x002b'0000'0000'0033;
/// Where the interrupted stack pointer stands from it.
inline constexpr std::int64_t segments_to_sp = -24;

/// True when the two words after a saved program counter are the flags and the code segment that the kernel
/// saves with it (struct sigcontext): a context that a signal interrupted, anywhere in a function.
[[nodiscard]] constexpr bool looks_like_signal_context(std::uint64_t flags, std::uint64_t segments) {
  constexpr std::uint64_t always_set = 2, highest_flag = 1U << 22U, user_code_segment = 0x33;
  return (flags & always_set) != 0 && flags < highest_flag && (segments & 0xffffU) == user_code_segment;
}

}  // namespace stent::unwind
