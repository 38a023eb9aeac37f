#include "patch/key.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string_view>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace stent::patch {
namespace {

constexpr std::string_view public_mark = "stent-public-key";
constexpr std::string_view secret_mark = "stent-secret-key";
constexpr std::string_view algorithm = "ed25519";

template <std::size_t size>
void read_key(const std::filesystem::path& path, std::string_view mark, std::array<std::byte, size>& into) {
  std::ifstream file(path);
  std::string found_mark, found_algorithm, digits;
  const bool is_key = file >> found_mark >> found_algorithm >> digits && found_mark == mark &&
                      found_algorithm == algorithm && digits.size() == 2 * size &&
                      digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_key)
    throw Error(ErrorCode::bad_input, path.string() + ": not a key (" + std::string(mark) + ")",
                "give a file made by `stent keygen`");
  std::ranges::copy(from_hex(digits), into.begin());
}

void write_line(const std::filesystem::path& path, std::string_view mark, ByteView key, mode_t mode) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.valid())
    throw system_error(errno, "create " + path.string(), "choose a name that does not exist yet");
  const std::string line = std::string(mark) + " " + std::string(algorithm) + " " + to_hex(key) + "\n";
  if (::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw system_error(errno, "write " + path.string(), "check free space and permissions");
}

}  // namespace

PublicKey SecretKey::public_key() const {
  PublicKey key;
  std::copy(bytes.begin() + 32, bytes.end(), key.bytes.begin());
  return key;
}

SecretKey generate_key() {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium cannot be initialised");
  SecretKey key;
  PublicKey unused;
  crypto_sign_keypair(reinterpret_cast<unsigned char*>(unused.bytes.data()),
                      reinterpret_cast<unsigned char*>(key.bytes.data()));
  return key;
}

void write_key(const PublicKey& key, const std::filesystem::path& path) {
  write_line(path, public_mark, key.bytes, 0644);
}

void write_key(const SecretKey& key, const std::filesystem::path& path) {
  write_line(path, secret_mark, key.bytes, 0600);
}

PublicKey read_public_key(const std::filesystem::path& path) {
  PublicKey key;
  read_key(path, public_mark, key.bytes);
  return key;
}

SecretKey read_secret_key(const std::filesystem::path& path) {
  SecretKey key;
  read_key(path, secret_mark, key.bytes);
  return key;
}

}  // namespace stent::patch
