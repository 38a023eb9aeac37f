#include "live/resolve/window.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

process::Mapping mapping(std::uint64_t begin, std::uint64_t end, const std::string& name = "") {
  process::Mapping result;
  result.range = {{begin}, end - begin};
  result.name = name;
  return result;
}

constexpr AddressLimits limits{{0x10000}, std::nullopt};
constexpr RemoteRange module{{0x5555'0000'0000}, 0x10000};

TEST(Window, StandsNearTheModuleAndTouchesNothing) {
  const std::vector<process::Mapping> mappings{mapping(0x5555'0000'0000, 0x5555'0001'0000)};
  const RemoteRange window = choose_window(mappings, module, 0x1234, limits);
  EXPECT_EQ(window.size, 0x2000U);
  EXPECT_FALSE(window.overlaps({module.begin - 0x1000, module.size + 0x2000}));
  EXPECT_LT(window.begin - module.begin, 0x20000);
  EXPECT_GT(window.begin - module.begin, -0x20000);
}

TEST(Window, NeverWhereTheHeapGrows) {
  const std::vector<process::Mapping> mappings{mapping(0x5555'0000'0000, 0x5555'0001'0000),
                                               mapping(0x5555'0001'0000, 0x5555'0008'0000, "[heap]")};
  EXPECT_LT(choose_window(mappings, module, 0x1000, limits).begin, module.begin);
}

TEST(Window, NeverWhereTheHeapWillStart) {
  const std::vector<process::Mapping> mappings{mapping(0x5555'0000'0000, 0x5555'0001'0000)};
  const AddressLimits with_brk{{0x10000}, RemoteAddress{0x5555'0001'1000}};
  EXPECT_LT(choose_window(mappings, module, 0x1000, with_brk).begin, module.begin);
}

TEST(Window, FarAddressesAreRefused) {
  const std::vector<process::Mapping> mappings{mapping(0x5554'0000'0000, 0x5556'0000'0000)};
  EXPECT_THROW(static_cast<void>(choose_window(mappings, module, 0x1000, limits)), Error);
}

TEST(Window, LowProgramsStayAboveTheLowestAddress) {
  const RemoteRange low{{0x400000}, 0x10000};
  const std::vector<process::Mapping> mappings{mapping(0x400000, 0x410000),
                                               mapping(0x410000, 0x500000, "[heap]")};
  const RemoteRange window = choose_window(mappings, low, 0x1000, limits);
  EXPECT_GE(window.begin, RemoteAddress{0x10000});
  EXPECT_LT(window.end(), low.begin);
}

TEST(Window, ProgramsWithAddressesOf32BitsStayBelowTwoGiB) {
  const RemoteRange low{{0x7f00'0000}, 0x100'0000};
  const std::vector<process::Mapping> mappings{mapping(0x1000'0000, 0x8000'0000)};
  AddressLimits below = limits;
  EXPECT_GT(choose_window(mappings, low, 0x1000, below).begin, low.begin);
  below.highest = {0x7fff'f000};
  EXPECT_LT(choose_window(mappings, low, 0x1000, below).begin, low.begin);
}

TEST(OwnWindow, IsTheSameAgainAndAnotherForAnother) {
  std::vector<process::Mapping> mappings{mapping(0x5555'0000'0000, 0x5555'0001'0000)};
  const RemoteRange first = own_window(mappings, module, 0x3000, limits, 12345);
  EXPECT_EQ(own_window(mappings, module, 0x3000, limits, 12345), first);
  EXPECT_EQ(first.begin.value % 0x3000, 0U);
  EXPECT_FALSE(own_window(mappings, module, 0x3000, limits, 54321).overlaps(first));
  mappings.insert(mappings.begin(), mapping(first.begin.value, first.end().value));
  const RemoteRange second = own_window(mappings, module, 0x3000, limits, 12345);
  EXPECT_FALSE(second.overlaps(first));
  EXPECT_EQ(second.begin.value % 0x3000, 0U);
  EXPECT_EQ(own_window(mappings, module, 0x3000, limits, 12345), second);
}

TEST(OwnWindow, IsSeldomAnothersWhereStacksAndArenasTakeTheFirst) {
  // Half of what is near is taken, in stretches such as arenas take.
  std::vector<process::Mapping> mappings;
  for (std::uint64_t at = 0x5554'e000'0000; at < 0x5555'0000'0000; at += 0x800'0000)
    mappings.push_back(mapping(at, at + 0x400'0000));
  mappings.push_back(mapping(0x5555'0000'0000, 0x5555'0001'0000));
  std::vector<RemoteRange> windows;
  std::size_t shared = 0;
  for (std::uint64_t seed = 1; windows.size() < 200; seed = seed * 6364136223846793005 + 7) {
    const RemoteRange window = own_window(mappings, module, 0x3000, limits, seed);
    for (const process::Mapping& taken : mappings) EXPECT_FALSE(window.overlaps(taken.range));
    for (const RemoteRange& other : windows) shared += window.overlaps(other) ? 1U : 0U;
    windows.push_back(window);
  }
  EXPECT_LE(shared, 10U);
}

TEST(OwnWindow, StaysInReachAndOutOfTheWay) {
  const std::vector<process::Mapping> full{mapping(0x5540'0000'0000, 0x5554'f000'0000),
                                           mapping(0x5555'0000'0000, 0x5555'0001'0000)};
  for (std::uint64_t seed = 1; seed < 1'000'000'000'000; seed *= 7) {
    const RemoteRange window = own_window(full, module, 0x3000, limits, seed);
    EXPECT_FALSE(window.overlaps(module));
    EXPECT_GE(window.begin, RemoteAddress{0x5554'f000'0000});
    EXPECT_LT(window.begin, RemoteAddress{0x5555'8000'0000});
  }
  const std::vector<process::Mapping> tight{mapping(0x5540'0000'0000, 0x5554'ffff'c000),
                                            mapping(0x5555'0000'0000, 0x5666'0000'0000)};
  EXPECT_EQ(own_window(tight, module, 0x2000, limits, 7), (RemoteRange{{0x5554'ffff'd000}, 0x2000}));
}

TEST(OwnWindow, IsNotAmongTheNumbersThatProgramsCountWith) {
  const RemoteRange low{{0x400000}, 0x10000};
  const std::vector<process::Mapping> mappings{mapping(0x400000, 0x410000),
                                               mapping(0x410000, 0x500000, "[heap]")};
  EXPECT_EQ(own_window(mappings, low, 0x1000, limits, 99), choose_window(mappings, low, 0x1000, limits));
}

}  // namespace
}  // namespace stent::resolve
