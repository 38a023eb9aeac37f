// Ed25519 keys that sign patches, and the files they are kept in.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "base/bytes.hpp"

namespace stent::patch {

struct PublicKey {
  std::array<std::byte, 32> bytes{};
  bool operator==(const PublicKey&) const = default;
  [[nodiscard]] std::string text() const { return to_hex(bytes); }
};

/// libsodium's form: the seed, then the public key.
struct SecretKey {
  std::array<std::byte, 64> bytes{};
  [[nodiscard]] PublicKey public_key() const;
};

/// A new random key.
[[nodiscard]] SecretKey generate_key();

/// One line of text: "stent-public-key ed25519 HEX" and "stent-secret-key ed25519 HEX". Writing refuses to
/// replace a file; a secret key is readable by its owner alone. Throws `bad_input`, or as the system call.
void write_key(const PublicKey& key, const std::filesystem::path& path);
void write_key(const SecretKey& key, const std::filesystem::path& path);
[[nodiscard]] PublicKey read_public_key(const std::filesystem::path& path);
[[nodiscard]] SecretKey read_secret_key(const std::filesystem::path& path);

}  // namespace stent::patch
