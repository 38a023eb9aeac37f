#include "live/unwind/scan.hpp"

#include <gtest/gtest.h>

namespace stent::unwind {
namespace {

const ForbiddenCode code({{{{0x1000}, 0x100}, "entry", true}, {{{0x2000}, 0x10}, "fragment", false}});

TEST(ForbiddenCode, ProgramCountersAreHalfOpenAndAnEntryIsFree) {
  EXPECT_EQ(code.at_pc({0x1000}), nullptr);
  EXPECT_NE(code.at_pc({0x1001}), nullptr);
  EXPECT_NE(code.at_pc({0x10ff}), nullptr);
  EXPECT_EQ(code.at_pc({0x1100}), nullptr);
  EXPECT_NE(code.at_pc({0x2000}), nullptr);
}

TEST(ForbiddenCode, ReturnAddressesIncludeTheEnd) {
  EXPECT_EQ(code.at_value({0x1000}), nullptr);
  EXPECT_NE(code.at_value({0x1001}), nullptr);
  EXPECT_NE(code.at_value({0x1100}), nullptr);
  EXPECT_EQ(code.at_value({0x1101}), nullptr);
  EXPECT_NE(code.at_value({0x2000}), nullptr);
  EXPECT_NE(code.at_value({0x2010}), nullptr);
}

TEST(ForbiddenCode, TheSmallestPieceIsNamed) {
  const ForbiddenCode nested({{{{0x1000}, 0x1000}, "all", false}, {{{0x1100}, 0x10}, "one", false}});
  EXPECT_EQ(nested.at_pc({0x1104})->function, "one");
  EXPECT_EQ(nested.at_pc({0x1200})->function, "all");
}

TEST(Scan, FindsAWordAtEveryPlace) {
  for (std::size_t words = 1; words < 70; ++words) {
    for (std::size_t place = 0; place < words; ++place) {
      Bytes memory(words * 8);
      store<std::uint64_t>(memory, place * 8, 0x1010);
      const auto hits = scan(memory, {0x7000}, code);
      ASSERT_EQ(hits.size(), 1U);
      EXPECT_EQ(hits[0].slot, RemoteAddress{0x7000 + place * 8});
      EXPECT_EQ(hits[0].value, RemoteAddress{0x1010});
    }
  }
}

TEST(Scan, WordsAreAlignedInTheTargetNotInTheBuffer) {
  Bytes memory(27);
  store<std::uint64_t>(memory, 3, 0x1010);
  EXPECT_EQ(scan(memory, {0x7005}, code).size(), 1U);
  EXPECT_TRUE(scan(memory, {0x7000}, code).empty());
}

TEST(Scan, WordsBetweenTwoPiecesAreNoHit) {
  Bytes memory(16);
  store<std::uint64_t>(memory, 0, 0x1800);
  store<std::uint64_t>(memory, 8, 0x1000);
  EXPECT_TRUE(scan(memory, {0x7000}, code).empty());
}

TEST(Scan, FindsValuesInRanges) {
  Bytes memory(64);
  store<std::uint64_t>(memory, 40, 0x5000);
  const std::vector<RemoteRange> ranges{{{0x4000}, 0x10}, {{0x5000}, 0x10}};
  ASSERT_TRUE(find_value(memory, {0x7000}, ranges).has_value());
  EXPECT_EQ(find_value(memory, {0x7000}, ranges)->slot, RemoteAddress{0x7028});
  EXPECT_FALSE(find_value(memory, {0x7000}, std::vector<RemoteRange>{{{0x4000}, 0x1000}}).has_value());
}

}  // namespace
}  // namespace stent::unwind
