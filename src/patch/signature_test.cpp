#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "patch/example_patch.hpp"
#include "patch/patch_file.hpp"
#include "patch/trailer.hpp"

namespace stent::patch {
namespace {

class Signature : public testing::Test {
 protected:
  Signature() {
    std::string name = (std::filesystem::temp_directory_path() / "stent-sign-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Signature() override { std::filesystem::remove_all(folder_); }

  static Bytes signed_file(const SecretKey& key) {
    Bytes file = serialise(example_patch());
    file.resize(file.size() - trailer_size);
    seal(file, key);
    return file;
  }
  static ErrorCode code_of(ByteView file, const Trust& trust) {
    try {
      static_cast<void>(parse(file, trust));
    } catch (const Error& error) {
      EXPECT_FALSE(error.hint().empty());
      return error.code();
    }
    return ErrorCode{};
  }

  std::filesystem::path folder_;
};

TEST_F(Signature, OfATrustedKeyIsAccepted) {
  const SecretKey key = generate_key();
  const Bytes file = signed_file(key);
  EXPECT_EQ(code_of(file, {true, {generate_key().public_key(), key.public_key()}}), ErrorCode{});
  EXPECT_EQ(unseal(file).signer, key.public_key());
  EXPECT_EQ(parse(file).images, example_patch().images);
}

TEST_F(Signature, OfAnotherKeyOrNoneIsRefusedWhereOneIsRequired) {
  const Bytes file = signed_file(generate_key());
  EXPECT_EQ(code_of(file, {true, {generate_key().public_key()}}), ErrorCode::not_permitted);
  EXPECT_EQ(code_of(file, {true, {}}), ErrorCode::not_permitted);
  EXPECT_EQ(code_of(file, {}), ErrorCode{});
  EXPECT_EQ(code_of(serialise(example_patch()), {true, {}}), ErrorCode::not_permitted);
}

TEST_F(Signature, FailsWithEveryFlippedBit) {
  const SecretKey key = generate_key();
  const Trust trust{true, {key.public_key()}};
  Bytes file = signed_file(key);
  const std::size_t trailer = file.size() - trailer_size;
  for (std::size_t at = 0; at < file.size(); at += at < trailer ? 61 : 1)
    for (unsigned bit = 0; bit < 8; ++bit) {
      file[at] ^= static_cast<std::byte>(1U << bit);
      EXPECT_NE(code_of(file, trust), ErrorCode{}) << at;
      file[at] ^= static_cast<std::byte>(1U << bit);
    }
  EXPECT_EQ(code_of(file, trust), ErrorCode{});
}

/// Damage that an attacker makes good in the checksum.
TEST_F(Signature, FailsWhenTheContentsChangeWithTheirChecksum) {
  const SecretKey key = generate_key();
  const Bytes file = signed_file(key);
  Bytes forged = file;
  forged.resize(forged.size() - trailer_size);
  forged[forged.size() / 2] ^= std::byte{1};
  seal(forged);
  const std::size_t kept_from = forged.size() - trailer_size + 56;
  std::copy(file.begin() + static_cast<std::ptrdiff_t>(kept_from), file.end(),
            forged.begin() + static_cast<std::ptrdiff_t>(kept_from));
  forged[forged.size() - trailer_size + 12] = std::byte{1};  // "Ed25519"
  try {
    static_cast<void>(parse(forged, {true, {key.public_key()}}));
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), testing::HasSubstr("forged"));
  }
}

TEST_F(Signature, KeysAreKeptInFiles) {
  const SecretKey key = generate_key();
  write_key(key, folder_ / "a.key");
  EXPECT_EQ(read_secret_key(folder_ / "a.key").bytes, key.bytes);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "a.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_THROW(write_key(key, folder_ / "a.key"), Error);
  EXPECT_THROW(static_cast<void>(read_public_key(folder_ / "a.key")), Error);

  std::filesystem::create_directory(folder_ / "keys");
  write_key(key.public_key(), folder_ / "keys" / "a.pub");
  EXPECT_FALSE(read_trust(folder_).require_signature);
  std::ofstream(folder_ / "require-signature").flush();
  const Trust trust = read_trust(folder_);
  EXPECT_TRUE(trust.require_signature);
  EXPECT_THAT(trust.keys, testing::ElementsAre(key.public_key()));
  std::ofstream(folder_ / "keys" / "b.pub") << "nonsense";
  EXPECT_THROW(static_cast<void>(read_trust(folder_)), Error);
}

TEST_F(Signature, IsPutInPlace) {
  const SecretKey key = generate_key();
  const auto path = folder_ / "fix.stent";
  write_patch(example_patch(), path);
  EXPECT_EQ(signer_of(path), std::nullopt);
  sign_patch(path, key);
  EXPECT_EQ(signer_of(path), key.public_key());
  sign_patch(path, generate_key());  // a second signature replaces the first
  EXPECT_NE(signer_of(path), key.public_key());
  EXPECT_EQ(read_patch(path).images, example_patch().images);
}

}  // namespace
}  // namespace stent::patch
