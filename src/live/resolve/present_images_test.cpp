#include "live/resolve/present_images.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

BuildId build(int number) { return {Bytes(20, static_cast<std::byte>(number))}; }

process::Module module(int number) {
  process::Module made;
  made.build_id = build(number);
  return made;
}

patch::Image image(int number, std::optional<std::uint32_t> alternatives) {
  patch::Image made;
  made.module = build(number);
  made.module_name = "libx.so.1";
  made.alternatives = alternatives;
  return made;
}

TEST(PresentImages, KeepsTheBuildThatIsThere) {
  patch::Patch patch;
  patch.images = {image(1, 0), image(2, 0), image(3, {})};
  patch.images[2].bindings = {{"f", patch::OtherImage{1, {16}}}};
  const patch::Patch present = present_images(patch, {module(2), module(3)});
  ASSERT_EQ(present.images.size(), 2U);
  EXPECT_EQ(present.images[0].module, build(2));
  EXPECT_EQ(std::get<patch::OtherImage>(present.images[1].bindings[0].where).image, 0U);
}

TEST(PresentImages, BothBuildsAreKeptWhereBothAreMapped) {
  patch::Patch patch;
  patch.images = {image(1, 0), image(2, 0)};
  EXPECT_EQ(present_images(patch, {module(1), module(2)}).images.size(), 2U);
}

TEST(PresentImages, NoneIsAMismatchThatNamesAll) {
  patch::Patch patch;
  patch.images = {image(1, 0), image(2, 0)};
  try {
    (void)present_images(patch, {module(3)});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::mismatch);
    EXPECT_NE(error.message().find(build(2).text()), std::string::npos);
  }
}

TEST(PresentImages, WhatIsNoAlternativeStaysAndIsMissedLater) {
  patch::Patch patch;
  patch.images = {image(1, {})};
  EXPECT_EQ(present_images(patch, {}).images.size(), 1U);
}

}  // namespace
}  // namespace stent::resolve
