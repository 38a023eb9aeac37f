#include "binary/arch/x86_64/jump.hpp"

#include <algorithm>
#include <limits>

namespace stent::x86_64 {

namespace {

/// Displacement from the end of an instruction at `from` to `to`; empty when it does not fit 32 bits.
std::optional<std::int32_t> displacement(std::uint64_t from, std::size_t length, std::uint64_t to) {
  const auto distance = static_cast<std::int64_t>(to - (from + length));
  if (distance < std::numeric_limits<std::int32_t>::min() ||
      distance > std::numeric_limits<std::int32_t>::max())
    return {};
  return static_cast<std::int32_t>(distance);
}

}  // namespace

std::optional<std::array<std::byte, near_jump_size>> near_jump(std::uint64_t from, std::uint64_t to) {
  const auto distance = displacement(from, near_jump_size, to);
  if (!distance) return {};
  std::array<std::byte, near_jump_size> code{std::byte{0xe9}};
  store(MutableByteView(code), 1, *distance);
  return code;
}

std::optional<std::array<std::byte, short_jump_size>> short_jump(std::uint64_t from, std::uint64_t to) {
  const auto distance = static_cast<std::int64_t>(to - (from + short_jump_size));
  if (distance < std::numeric_limits<std::int8_t>::min() ||
      distance > std::numeric_limits<std::int8_t>::max())
    return {};
  return std::array{std::byte{0xeb}, static_cast<std::byte>(distance)};
}

std::optional<std::uint64_t> near_jump_target(ByteView code, std::uint64_t at) {
  if (code.size() < near_jump_size || code[0] != std::byte{0xe9}) return {};
  const auto distance = static_cast<std::int64_t>(load<std::int32_t>(code, 1));
  return at + near_jump_size + static_cast<std::uint64_t>(distance);
}

std::optional<std::array<std::byte, slot_jump_size>> slot_jump(std::uint64_t from, std::uint64_t slot) {
  const auto distance = displacement(from, slot_jump_size, slot);
  if (!distance) return {};
  std::array<std::byte, slot_jump_size> code{std::byte{0xff}, std::byte{0x25}};
  store(MutableByteView(code), 2, *distance);
  return code;
}

std::optional<std::array<std::byte, absolute_slot_jump_size>> absolute_slot_jump(std::uint64_t slot) {
  if (slot > std::uint64_t{std::numeric_limits<std::int32_t>::max()}) return {};
  std::array<std::byte, absolute_slot_jump_size> code{std::byte{0xff}, std::byte{0x24}, std::byte{0x25}};
  store(MutableByteView(code), 3, static_cast<std::int32_t>(slot));
  return code;
}

std::size_t landing_pad_size(ByteView code) {
  constexpr std::array endbr64{std::byte{0xf3}, std::byte{0x0f}, std::byte{0x1e}, std::byte{0xfa}};
  const bool lands =
      code.size() >= endbr64.size() && std::equal(endbr64.begin(), endbr64.end(), code.begin());
  return lands ? endbr64.size() : 0;
}

}  // namespace stent::x86_64
