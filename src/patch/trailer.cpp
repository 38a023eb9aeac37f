#include "patch/trailer.hpp"

#include <elf.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace stent::patch {
namespace {

constexpr std::string_view magic = "stentSIG";
constexpr std::uint32_t trailer_version = 1;
constexpr std::size_t checksum_size = 32;

// Offsets inside the trailer.
constexpr std::size_t version_at = 8;
constexpr std::size_t algorithm_at = 12;
constexpr std::size_t covered_at = 16;
constexpr std::size_t checksum_at = 24;
constexpr std::size_t reserved_at = 56;
constexpr std::size_t key_at = 64;
constexpr std::size_t signature_at = 96;

constexpr std::uint32_t algorithm_unsigned = 0;
constexpr std::uint32_t algorithm_ed25519 = 1;

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

const unsigned char* raw(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

std::array<std::byte, checksum_size> checksum_of(ByteView contents) {
  std::array<std::byte, checksum_size> sum{};
  crypto_generichash(reinterpret_cast<unsigned char*>(sum.data()), sum.size(),
                     reinterpret_cast<const unsigned char*>(contents.data()), contents.size(), nullptr, 0);
  return sum;
}

[[noreturn]] void damaged(const std::string& what) {
  throw Error(ErrorCode::bad_input, what, "copy the file again from where it came, or make the patch again");
}

bool starts_with(ByteView bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

}  // namespace

namespace {

Bytes trailer_of(ByteView contents, std::uint32_t algorithm) {
  const auto sum = checksum_of(contents);
  Bytes trailer(trailer_size);
  std::copy_n(as_bytes(magic).begin(), magic.size(), trailer.begin());
  store(trailer, version_at, trailer_version);
  store(trailer, algorithm_at, algorithm);
  store(trailer, covered_at, std::uint64_t{contents.size()});
  std::copy(sum.begin(), sum.end(), trailer.begin() + checksum_at);
  return trailer;
}

/// The signer, when the signature in `trailer` is right; empty when it says there is none.
std::optional<PublicKey> verified_signer(ByteView contents, ByteView trailer) {
  const auto algorithm = load<std::uint32_t>(trailer, algorithm_at);
  if (algorithm != algorithm_unsigned && algorithm != algorithm_ed25519)
    throw Error(ErrorCode::bad_input, "the patch is signed in a way this stent cannot check",
                "use the stent version that made the patch, or a newer one");
  if (!is_zero(trailer.subspan(reserved_at, key_at - reserved_at)))
    damaged("the patch is damaged: reserved bytes of its trailer are not zero");
  if (algorithm == algorithm_unsigned) {
    if (!is_zero(trailer.subspan(key_at)))
      damaged("the patch is damaged: it says it is unsigned, but its signature is not empty");
    return std::nullopt;
  }
  PublicKey key;
  std::ranges::copy(trailer.subspan(key_at, key.bytes.size()), key.bytes.begin());
  if (crypto_sign_verify_detached(raw(trailer.subspan(signature_at)), raw(contents), contents.size(),
                                  raw(key.bytes)) != 0)
    damaged("the patch is damaged or forged: its signature is not that of its contents");
  return key;
}

}  // namespace

void seal(Bytes& contents) {
  const Bytes trailer = trailer_of(contents, algorithm_unsigned);
  contents.insert(contents.end(), trailer.begin(), trailer.end());
}

void seal(Bytes& contents, const SecretKey& key) {
  Bytes trailer = trailer_of(contents, algorithm_ed25519);
  std::ranges::copy(key.public_key().bytes, trailer.begin() + key_at);
  crypto_sign_detached(reinterpret_cast<unsigned char*>(trailer.data() + signature_at), nullptr,
                       raw(contents), contents.size(), raw(key.bytes));
  contents.insert(contents.end(), trailer.begin(), trailer.end());
}

Sealed unseal(ByteView file) {
  if (!starts_with(file, std::string_view(ELFMAG, SELFMAG)))
    throw Error(ErrorCode::bad_input, "not a patch: the file does not start as one",
                "give a file made by `stent create` (NAME.stent)");
  if (file.size() < sizeof(Elf64_Ehdr) + trailer_size) damaged("not a patch, or a truncated one: too short");
  const ByteView contents = file.first(file.size() - trailer_size);
  const ByteView trailer = file.last(trailer_size);
  if (!starts_with(trailer, magic))
    damaged("not a patch, or a truncated one: its last " + std::to_string(trailer_size) +
            " bytes are not a trailer");
  if (const auto version = load<std::uint32_t>(trailer, version_at); version != trailer_version)
    throw Error(ErrorCode::bad_input,
                "the patch has a trailer of version " + std::to_string(version) +
                    "; this stent reads version " + std::to_string(trailer_version),
                "use the stent version that made the patch, or a newer one");
  if (load<std::uint64_t>(trailer, covered_at) != contents.size())
    damaged("the patch was " + std::to_string(load<std::uint64_t>(trailer, covered_at)) +
            " bytes long before its trailer and is " + std::to_string(contents.size()) + " now");
  const auto sum = checksum_of(contents);
  if (!std::equal(sum.begin(), sum.end(), trailer.begin() + checksum_at))
    damaged("the patch is damaged: its checksum does not match its contents");
  return {contents, verified_signer(contents, trailer)};
}

}  // namespace stent::patch
