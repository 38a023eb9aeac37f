#include "patch/assign_islands.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stent::patch {
namespace {

Extent island(std::uint64_t at) { return {{{at}, 5}, Bytes(5, std::byte{0x90})}; }

ReplacedFunction function(const std::string& name, std::uint64_t at, std::uint64_t size,
                          std::vector<Extent> islands) {
  return {name, {{{{at}, size}, Bytes(size)}}, {}, {}, {}, std::move(islands)};
}

bool anything(std::size_t, const Extent&) { return true; }

TEST(AssignIslands, OnlyForShortFunctionsAndEachItsOwn) {
  Image image;
  image.replaced = {function("long", 0x1000, 9, {}), function("choosy", 0x1010, 3, {island(0x1020)}),
                    function("easy", 0x1013, 3, {island(0x1020), island(0x1025)})};
  const auto assigned = assign_islands(image, anything);
  EXPECT_FALSE(assigned[0]);
  EXPECT_EQ(assigned[1].value().range.begin.value, 0x1020U);
  EXPECT_EQ(assigned[2].value().range.begin.value, 0x1025U);
}

TEST(AssignIslands, WhoHasLessChoiceComesFirst) {
  Image image;
  image.replaced = {function("easy", 0x1013, 3, {island(0x1020), island(0x1025)}),
                    function("choosy", 0x1010, 3, {island(0x1020)})};
  const auto assigned = assign_islands(image, anything);
  EXPECT_EQ(assigned[0].value().range.begin.value, 0x1025U);
  EXPECT_EQ(assigned[1].value().range.begin.value, 0x1020U);
}

TEST(AssignIslands, NotInWhatThePatchItselfReplaces) {
  Image image;
  image.replaced = {function("takes_padding", 0x1010, 8, {}), function("short", 0x100d, 3, {island(0x1013)})};
  EXPECT_THROW(static_cast<void>(assign_islands(image, anything)), Error);
}

TEST(AssignIslands, NamesTheFunctionForWhichNoneIsFree) {
  Image image;
  image.replaced = {function("short", 0x1010, 3, {island(0x1020)})};
  try {
    static_cast<void>(assign_islands(image, [](std::size_t, const Extent&) { return false; }));
    FAIL() << "one was assigned";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    EXPECT_EQ(error.message(),
              "short has 3 bytes, a jump needs 5, and no padding near it is free to hold one");
  }
}

}  // namespace
}  // namespace stent::patch
