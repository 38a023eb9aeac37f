#include "patch/trust.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace stent::patch {

Trust read_trust(const std::filesystem::path& folder) {
  Trust trust;
  std::error_code ignored;
  trust.require_signature = std::filesystem::exists(folder / "require-signature", ignored);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "keys", ignored))
    if (entry.path().extension() == ".pub") trust.keys.push_back(read_public_key(entry.path()));
  return trust;
}

void check_trust(const std::optional<PublicKey>& signer, const Trust& trust) {
  if (!trust.require_signature) return;
  if (!signer)
    throw Error(ErrorCode::not_permitted, "the patch is not signed, and this host requires a signature",
                "have it signed with `stent sign` by a key this host trusts");
  if (std::ranges::find(trust.keys, *signer) == trust.keys.end())
    throw Error(ErrorCode::not_permitted,
                "the patch is signed by " + signer->text() + ", a key this host does not trust",
                "if you trust that key, give its file with --trust or put it into /etc/stent/keys");
}

}  // namespace stent::patch
