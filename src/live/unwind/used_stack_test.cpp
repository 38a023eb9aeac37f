#include "live/unwind/used_stack.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace stent::unwind {
namespace {

process::Mapping mapping(std::uint64_t begin, std::uint64_t end, const std::string& name = "") {
  process::Mapping result;
  result.range = {{begin}, end - begin};
  result.permissions = {true, true, false, false};
  result.name = name;
  return result;
}

const std::vector<process::Mapping> mappings{mapping(0x10000, 0x20000), mapping(0x40000, 0x80000),
                                             mapping(0x90000, 0xa0000, "[stack]")};

ThreadState thread(bool is_main, std::uint64_t sp, std::uint64_t fs_base) {
  ThreadState state;
  state.is_main = is_main;
  state.registers.rsp = sp;
  state.registers.fs_base = fs_base;
  return state;
}

TEST(UsedStack, OfTheFirstThreadReachesFromTheRedZoneToTheEnd) {
  const auto used = used_stack(thread(true, 0x9f000, 0x11000), mappings);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->current, (RemoteRange{{0x9ef80}, 0x1080}));
  EXPECT_FALSE(used->home);
}

TEST(UsedStack, OfAThreadEndsAtItsControlBlock) {
  const auto used = used_stack(thread(false, 0x50000, 0x60000), mappings);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->current, (RemoteRange{{0x4ff80}, 0x11080}));
  EXPECT_FALSE(used->home);
}

TEST(UsedStack, ElsewhereMeansTheWholeHomeStackToo) {
  const auto main = used_stack(thread(true, 0x50000, 0x11000), mappings);
  ASSERT_TRUE(main);
  EXPECT_EQ(main->current, (RemoteRange{{0x4ff80}, 0x30080}));
  EXPECT_EQ(main->home, (RemoteRange{{0x90000}, 0x10000}));
  const auto other = used_stack(thread(false, 0x18000, 0x60000), mappings);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->current, (RemoteRange{{0x17f80}, 0x8080}));
  EXPECT_EQ(other->home, (RemoteRange{{0x40000}, 0x40000}));
}

TEST(UsedStack, AboveTheThreadPointerItIsTheWholeMapping) {
  const auto used = used_stack(thread(false, 0x61000, 0x60000), mappings);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->current, (RemoteRange{{0x40000}, 0x40000}));
}

TEST(UsedStack, UnknownPlacesCannotBeTold) {
  EXPECT_FALSE(used_stack(thread(false, 0x30000, 0x60000), mappings));
  EXPECT_FALSE(used_stack(thread(false, 0x50000, 0), mappings));
}

Bytes control_block(std::uint64_t pointer, std::uint64_t begin, std::uint64_t size) {
  Bytes block(control_block_size);
  const auto put = [&](std::size_t at, std::uint64_t value) {
    std::memcpy(&block[at], &value, sizeof value);
  };
  put(0, pointer);
  put(0x10, pointer);
  put(0x690, begin);
  put(0x698, size);
  return block;
}

TEST(UsedStack, UnusedPartIsBelowTheRedZone) {
  EXPECT_EQ(unused_stack(thread(true, 0x98000, 0x11000), mappings, {}), (RemoteRange{{0x90000}, 0x7f80}));
  const auto inside = thread(false, 0x50000, 0x60000);
  EXPECT_EQ(unused_stack(inside, mappings, control_block(0x60000, 0x3f000, 0x22000)),
            (RemoteRange{{0x40000}, 0xff80}));
  EXPECT_FALSE(
      unused_stack(thread(false, 0x18000, 0x60000), mappings, control_block(0x60000, 0x3f000, 0x22000)));
}

TEST(UsedStack, UnusedPartEndsWhereTheStackBegins) {
  const auto inside = thread(false, 0x50000, 0x60000);
  EXPECT_EQ(unused_stack(inside, mappings, control_block(0x60000, 0x48010, 0x20000)),
            (RemoteRange{{0x48010}, 0x7f70}));
  EXPECT_EQ(unused_stack(inside, mappings, control_block(0x60000, 0x4fff0, 0x20000)),
            (RemoteRange{{0x4fff0}, 0}));
}

TEST(UsedStack, UnusedPartOfAnotherLibrarysThreadNeedsAGuardPage) {
  const auto inside = thread(false, 0x50000, 0x60000);
  EXPECT_FALSE(unused_stack(inside, mappings, {}));
  EXPECT_FALSE(unused_stack(inside, mappings, control_block(0x60040, 0x48000, 0x20000)))
      << "another thread's";
  EXPECT_FALSE(unused_stack(inside, mappings, control_block(0x60000, 0x48000, 0x1000)))
      << "not where it runs";
  auto guarded = mappings;
  guarded.insert(guarded.begin() + 1, mapping(0x3f000, 0x40000));
  guarded[1].permissions = {false, false, false, false};
  EXPECT_EQ(unused_stack(inside, guarded, {}), (RemoteRange{{0x40000}, 0xff80}));
}

}  // namespace
}  // namespace stent::unwind
