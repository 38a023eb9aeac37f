// Trust: whose signatures a host accepts on patches, and whether it insists on one.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "patch/key.hpp"

namespace stent::patch {

struct Trust {
  bool require_signature = false;
  std::vector<PublicKey> keys;
};

/// The policy of the host: `folder` (/etc/stent) with the file "require-signature" (its existence counts)
/// and public keys in "keys/*.pub". Throws `bad_input` for a key file that is none.
[[nodiscard]] Trust read_trust(const std::filesystem::path& folder);

/// Throws `not_permitted` unless a patch signed by `signer` (empty: unsigned) may be used.
void check_trust(const std::optional<PublicKey>& signer, const Trust& trust);

}  // namespace stent::patch
