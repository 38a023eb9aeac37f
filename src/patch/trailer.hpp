// The last bytes of a patch file: a checksum of all bytes before them, and the place of the signature.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "patch/key.hpp"

namespace stent::patch {

/// Bytes of the trailer; it is always the very end of the file. Fields: docs/patch-format.md, "Trailer".
inline constexpr std::size_t trailer_size = 160;

/// Appends the trailer of an unsigned patch to `contents`.
void seal(Bytes& contents);
/// The same, signed by `key`.
void seal(Bytes& contents, const SecretKey& key);

/// What a trailer vouches for.
struct Sealed {
  ByteView contents;                ///< the bytes before the trailer
  std::optional<PublicKey> signer;  ///< empty: unsigned. Otherwise its signature is right
};

/// Throws `bad_input` when `file` is no patch, was cut, or its contents or its signature changed. Nothing of
/// the contents is looked at but their bytes.
[[nodiscard]] Sealed unseal(ByteView file);

}  // namespace stent::patch
