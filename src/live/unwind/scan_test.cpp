#include "live/unwind/scan.hpp"

#include <gtest/gtest.h>

#include "live/unwind/arch_x86_64_call_site.hpp"
#include "live/unwind/arch_x86_64_scan.hpp"

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

constexpr std::uint64_t guard = 0x1122334455667788;

std::vector<Hit> scan(const Bytes& memory, RemoteAddress at, const ForbiddenCode& forbidden) {
  std::vector<Hit> hits;
  scan(memory, at, forbidden, guard, hits, 1000);
  return hits;
}

TEST(ForbiddenCode, CoroutinesAreResumedAtTheirStart) {
  const ForbiddenCode actor({{{{0x1000}, 0x100}, "f.actor", true, true}});
  EXPECT_EQ(actor.at_pc({0x1000}), nullptr);
  EXPECT_NE(actor.at_value({0x1000}), nullptr);
}

TEST(ForbiddenCode, EveryPieceOfManyIsFound) {
  std::vector<CodePiece> pieces;
  for (std::uint64_t i = 0; i < 200; ++i)
    pieces.push_back({{{0x10000 + i * 0x40}, 0x20}, std::to_string(i), true});
  const ForbiddenCode many(pieces);
  for (std::uint64_t i = 0; i < 200; ++i) {
    ASSERT_NE(many.at_value({0x10000 + i * 0x40 + 1}), nullptr);
    EXPECT_EQ(many.at_value({0x10000 + i * 0x40 + 1})->function, std::to_string(i));
    EXPECT_EQ(many.at_value({0x10000 + i * 0x40 + 0x21}), nullptr);
  }
}

TEST(Bands, CoverRangesFarApartAndStayFew) {
  std::vector<RemoteRange> ranges;
  for (std::uint64_t i = 1; i <= 9; ++i) ranges.push_back({{i << 32U}, 0x1000 * i});
  const Bands bands(ranges);
  EXPECT_LE(bands.all().size(), Bands::most);
  for (const RemoteRange& range : ranges) {
    EXPECT_TRUE(bands.contains(range.begin.value));
    EXPECT_TRUE(bands.contains(range.end().value));
  }
  EXPECT_FALSE(Bands(std::span(ranges).first(2)).contains((1ULL << 32U) + 0x1001));
  EXPECT_TRUE(Bands().all().empty());
}

TEST(Scan, FastAndPortableLoopsAgree) {
  std::vector<RemoteRange> ranges{{{0x5555'0000'0000}, 0x1000}, {{0xffff'ffff'0000'0000}, 0x4000'0000}};
  const Bands bands(ranges);
  std::uint64_t state = 1;
  Bytes memory(1 << 16U);
  for (std::size_t i = 0; i < memory.size(); i += 8) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t near = state % 100 < 2 ? 0x5555'0000'0000 + state % 0x1003 : state;
    const std::uint64_t mangled = (near ^ guard) << 17U | (near ^ guard) >> 47U;
    store<std::uint64_t>(memory, i, state % 7 == 0 ? mangled : near);
  }
  std::vector<std::uint32_t> fast, slow;
  find_blocks(memory.data(), memory.size() / 128, bands.all(), guard, fast);
  find_blocks_portably(memory.data(), memory.size() / 128, bands.all(), guard, slow);
  EXPECT_EQ(fast, slow);
  EXPECT_FALSE(fast.empty());
  EXPECT_LT(fast.size(), memory.size() / 128);
}

TEST(Scan, FindsWhatSetjmpMangled) {
  Bytes memory(200);
  const std::uint64_t plain = 0x1010 ^ guard;
  store<std::uint64_t>(memory, 64, plain << 17U | plain >> 47U);
  const auto hits = scan(memory, {0x7000}, code);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].slot, RemoteAddress{0x7040});
  EXPECT_EQ(hits[0].value, RemoteAddress{0x1010});
  EXPECT_TRUE(hits[0].was_mangled);
}

TEST(Scan, WhatSignalsLeaveIsAHitOnStacksOnly) {
  Bytes memory(256);
  store<std::uint64_t>(memory, 40, signal_segments);
  const auto hits = scan(memory, {0x7000}, code);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].piece, nullptr);
  std::vector<Hit> others;
  scan(memory, {0x7000}, code, guard, others, 10, Memory::other);
  EXPECT_TRUE(others.empty());
}

TEST(Scan, StopsAtTheMostHitsWanted) {
  Bytes memory(4096);
  for (std::size_t i = 0; i < memory.size(); i += 8) store<std::uint64_t>(memory, i, 0x1010);
  std::vector<Hit> hits;
  scan(memory, {0x7000}, code, guard, hits, 10);
  EXPECT_EQ(hits.size(), 10U);
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
