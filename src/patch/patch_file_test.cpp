#include "patch/patch_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>

#include "patch/example_patch.hpp"
#include "patch/identity.hpp"
#include "patch/trailer.hpp"

namespace stent::patch {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A folder of its own for one test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "stent-patch-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                             ::pclose);
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), count);
  return text;
}

ErrorCode code_of_parse(ByteView file) {
  try {
    (void)parse(file);
  } catch (const Error& error) {
    EXPECT_FALSE(error.hint().empty()) << error.message();
    return error.code();
  }
  return ErrorCode{};
}

std::string message_of_parse(ByteView file) {
  try {
    (void)parse(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.message();
  }
  return {};
}

/// `file` with the JSON's `from` replaced by `to` of the same length, and a right trailer.
Bytes edited(Bytes file, std::string_view from, std::string_view to) {
  std::string text(reinterpret_cast<const char*>(file.data()), file.size());
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  std::copy_n(as_bytes(to).begin(), to.size(), file.begin() + static_cast<std::ptrdiff_t>(at));
  file.resize(file.size() - trailer_size);
  seal(file);
  return file;
}

TEST(PatchFile, round_trip_keeps_everything_and_fills_the_identity) {
  Patch patch = example_patch();
  const Patch read = parse(serialise(patch));
  EXPECT_EQ(read.id.bytes.size(), 20u);
  patch.id = identity_of(patch);
  EXPECT_EQ(read, patch);
}

TEST(PatchFile, is_deterministic_and_ignores_the_identity_given) {
  Patch patch = example_patch();
  const Bytes first = serialise(patch);
  patch.id = {Bytes(20, std::byte{1})};
  EXPECT_EQ(serialise(patch), first);
}

TEST(PatchFile, identity_counts_effects_only) {
  const Patch patch = example_patch();
  Patch other = patch;
  other.description = "another";
  other.created = 1;
  other.findings.clear();
  other.debug.clear();
  EXPECT_EQ(identity_of(other), identity_of(patch));
  other.images[0].relocations[0].addend = -8;
  EXPECT_NE(identity_of(other), identity_of(patch));
}

TEST(PatchFile, empty_patch_round_trips) {
  Patch patch;
  patch.id = identity_of(patch);
  EXPECT_EQ(parse(serialise(patch)), patch);
}

TEST(PatchFile, golden_file_of_format_version_4_is_still_read_and_written) {
  std::ifstream in(STENT_SOURCE_DIR "/patch/golden_v4.stent", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  ASSERT_FALSE(text.empty()) << "golden_v4.stent is missing";
  const ByteView golden = as_bytes(text);
  const Bytes now = serialise(example_patch());
  EXPECT_TRUE(std::equal(golden.begin(), golden.end(), now.begin(), now.end()))
      << "the format changed: raise format_version, document it, and add a golden file";
  EXPECT_EQ(parse(golden).images, example_patch().images);
}

TEST(PatchFile, write_and_read) {
  const Scratch scratch;
  const auto path = scratch.path() / "fix.stent";
  write_patch(example_patch(), path);
  EXPECT_EQ(read_patch(path).images, example_patch().images);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  EXPECT_THROW((void)read_patch(scratch.path() / "none"), Error);
  EXPECT_THROW((void)read_patch(scratch.path()), Error);
  EXPECT_THROW(write_patch(example_patch(), scratch.path() / "no" / "x.stent"), Error);
}

TEST(PatchFile, readelf_objdump_and_gnu_tools_read_it_without_complaint) {
  const Scratch scratch;
  const auto path = scratch.path() / "fix.stent";
  write_patch(example_patch(), path);
  for (const std::string tool : {"readelf -aW ", "objdump -dr ", "objdump -x ", "nm ", "eu-readelf -a "}) {
    if (tool.starts_with("eu-") && output_of("command -v eu-readelf").empty()) continue;
    const std::string text = output_of("LC_ALL=C " + tool + path.string());
    EXPECT_THAT(text, Not(testing::ContainsRegex("[Ww]arning|[Ee]rror:|[Ii]nvalid|[Cc]orrupt|<unknown")))
        << tool;
    EXPECT_EQ(output_of("LC_ALL=C " + tool + path.string() + " 2>&1 >/dev/null"), "") << tool;
  }
  const std::string assembly = output_of("objdump -dr " + path.string());
  EXPECT_THAT(assembly, HasSubstr("R_X86_64_PLT32\told_callee-0x4"));
  EXPECT_THAT(assembly, HasSubstr("R_X86_64_PC32\t.data-0x4"));
  EXPECT_THAT(assembly, HasSubstr("<f>:"));
  const std::string headers = output_of("readelf -aW " + path.string());
  EXPECT_THAT(headers, HasSubstr("GNU_EH_FRAME"));
  EXPECT_THAT(headers, HasSubstr("Build ID: " + identity_of(example_patch()).text()));
  EXPECT_THAT(headers, HasSubstr("stent"));
}

TEST(PatchFile, damage_is_bad_input_truncated_at_every_64_bytes) {
  const Bytes file = serialise(example_patch());
  for (std::size_t size = 0; size < file.size(); size += 64)
    EXPECT_EQ(code_of_parse(ByteView(file).first(size)), ErrorCode::bad_input) << size;
  EXPECT_EQ(code_of_parse(ByteView(file).first(file.size() - 1)), ErrorCode::bad_input);
}

TEST(PatchFile, damage_is_bad_input_every_flipped_byte) {
  const Bytes file = serialise(example_patch());
  std::mt19937 random(1);
  for (unsigned i = 0; i < 3000; ++i) {
    Bytes damaged = file;
    damaged[random() % damaged.size()] ^= static_cast<std::byte>(1u << (random() % 8));
    EXPECT_EQ(code_of_parse(damaged), ErrorCode::bad_input);
  }
}

/// The same with a right checksum, so that the damage reaches the parts behind it.
TEST(PatchFile, damage_behind_a_right_checksum_is_bad_input) {
  Bytes contents = serialise(example_patch());
  contents.resize(contents.size() - trailer_size);
  const std::string text(reinterpret_cast<const char*>(contents.data()), contents.size());
  const std::size_t json = text.find("{\"format\"");
  ASSERT_NE(json, std::string::npos);
  std::mt19937 random(2);
  for (unsigned i = 0; i < 6000; ++i) {
    Bytes damaged = contents;
    const std::size_t at = i % 3 == 0   ? random() % 600
                           : i % 3 == 1 ? json + random() % (damaged.size() - json)
                                        : random() % damaged.size();
    const auto before = damaged[at];
    damaged[at] = static_cast<std::byte>(random());
    if (damaged[at] == before) continue;
    seal(damaged);
    try {
      (void)parse(damaged);  // metadata without an effect (a letter of the description) may change
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input) << error.message();
    }
  }
  for (std::size_t size = 64; size < contents.size(); size += 64) {
    Bytes damaged(contents.begin(), contents.begin() + static_cast<std::ptrdiff_t>(size));
    seal(damaged);
    EXPECT_EQ(code_of_parse(damaged), ErrorCode::bad_input);
  }
}

TEST(PatchFile, says_what_is_wrong) {
  const Bytes file = serialise(example_patch());
  EXPECT_THAT(message_of_parse(as_bytes(std::string("#!/bin/sh\nexit 0\n"))), HasSubstr("not a patch"));
  EXPECT_THAT(message_of_parse(edited(file, "{\"format\":4,", "{\"format\":5,")),
              HasSubstr("format version 5"));
  EXPECT_THAT(message_of_parse(edited(file, "\"address\":16400", "\"address\":16401")),
              HasSubstr("identity"));
  EXPECT_THAT(message_of_parse(edited(file, std::string_view("\0old_callee\0", 12),
                                      std::string_view("\0new_callee\0", 12))),
              HasSubstr("disagree"));
}

TEST(PatchFile, broken_rules_are_internal_when_written) {
  const auto refuses = [](auto breaks) {
    Patch patch = example_patch();
    breaks(patch.images[0]);
    try {
      (void)serialise(patch);
    } catch (const Error& error) {
      return error.code() == ErrorCode::internal;
    }
    return false;
  };
  EXPECT_TRUE(refuses([](Image& image) { image.segments[1].address = {0x1000}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.segments[1].address = {0x2001}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.relocations[0].binding = 99; }));
  EXPECT_TRUE(refuses([](Image& image) { image.relocations[0].place = {0x5000}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.bindings[1].where = OwnImage{{0x99000}}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.bindings[1].where = OtherImage{7, {0}}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.replaced[0].extents[0].pre_image.pop_back(); }));
  EXPECT_TRUE(refuses([](Image& image) { image.replaced[0].extents[1].range.begin = {0x1131}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.replaced[0].replacement = {0x3000}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.replaced[0].load_time[0].place = {0xa02}; }));
  EXPECT_TRUE(refuses([](Image& image) { image.replaced[0].load_time.push_back({{0xa00}, false}); }));
  EXPECT_TRUE(refuses([](Image& image) { image.module = {}; }));
}

}  // namespace
}  // namespace stent::patch
