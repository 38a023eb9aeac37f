// Byte buffers and views, and little-endian access with bounds checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.hpp"

namespace stent {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

/// Reads a little-endian `T` at `offset`; throws `bad_input` when it does not fit.
template <class T>
[[nodiscard]] T load(ByteView from, std::uint64_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (offset > from.size() || from.size() - offset < sizeof(T))
    throw Error(ErrorCode::bad_input,
                "read of " + std::to_string(sizeof(T)) + " bytes at offset " + std::to_string(offset) +
                    " of " + std::to_string(from.size()),
                "the input is truncated or damaged; make it again");
  T value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

/// Writes a little-endian `T` at `offset`; throws `internal` when it does not fit.
template <class T>
void store(MutableByteView to, std::uint64_t offset, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (offset > to.size() || to.size() - offset < sizeof(T))
    throw Error(ErrorCode::internal, "write of " + std::to_string(sizeof(T)) + " bytes at offset " +
                                         std::to_string(offset) + " of " + std::to_string(to.size()));
  std::memcpy(to.data() + offset, &value, sizeof value);
}

/// The bytes of a string or of any trivially copyable array.
template <class T>
[[nodiscard]] ByteView as_bytes(const T& container) {
  return std::as_bytes(std::span(container));
}

/// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Inverse of `to_hex`; throws `bad_input` on anything else.
[[nodiscard]] Bytes from_hex(const std::string& text);

}  // namespace stent
