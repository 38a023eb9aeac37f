// The last bytes of a patch file: a checksum of all bytes before them, and the place of the signature.
#pragma once

#include "base/bytes.hpp"

namespace stent::patch {

/// Bytes of the trailer; it is always the very end of the file. Fields: docs/patch-format.md, "Trailer".
inline constexpr std::size_t trailer_size = 160;

/// Appends the trailer of an unsigned patch to `contents`.
void seal(Bytes& contents);

/// The bytes before the trailer. Throws `bad_input` when `file` is no patch, was cut, or its contents
/// changed.
[[nodiscard]] ByteView unseal(ByteView file);

}  // namespace stent::patch
