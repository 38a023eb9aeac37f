// Encoding the jumps stent writes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace stent::x86_64 {

/// Bytes of a `jmp rel32`.
inline constexpr std::size_t near_jump_size = 5;
/// Bytes of a `jmp *disp32(%rip)`.
inline constexpr std::size_t slot_jump_size = 6;

/// `jmp rel32` standing at `from`, going to `to`; empty when `to` is out of the +-2 GiB reach.
[[nodiscard]] std::optional<std::array<std::byte, near_jump_size>> near_jump(std::uint64_t from,
                                                                             std::uint64_t to);

/// Bytes of a `jmp rel8`.
inline constexpr std::size_t short_jump_size = 2;

/// `jmp rel8` standing at `from`, going to `to`; empty when `to` is not -128 to 127 bytes from its end.
[[nodiscard]] std::optional<std::array<std::byte, short_jump_size>> short_jump(std::uint64_t from,
                                                                               std::uint64_t to);

/// Where a `jmp rel32` standing at `at` goes; empty when `code` starts with something else.
[[nodiscard]] std::optional<std::uint64_t> near_jump_target(ByteView code, std::uint64_t at);

/// `jmp *disp32(%rip)` standing at `from`, through the 8-byte slot at `slot`; empty when out of reach.
[[nodiscard]] std::optional<std::array<std::byte, slot_jump_size>> slot_jump(std::uint64_t from,
                                                                             std::uint64_t slot);

/// Bytes of a `jmp *disp32`.
inline constexpr std::size_t absolute_slot_jump_size = 7;

/// `jmp *slot` by absolute address, from anywhere; empty when `slot` is not below 2 GiB.
[[nodiscard]] std::optional<std::array<std::byte, absolute_slot_jump_size>> absolute_slot_jump(
    std::uint64_t slot);

/// Bytes of `endbr64` at the start of `code` (where indirect calls may land under IBT): 4, or 0 when it does
/// not start with one.
[[nodiscard]] std::size_t landing_pad_size(ByteView code);

}  // namespace stent::x86_64
