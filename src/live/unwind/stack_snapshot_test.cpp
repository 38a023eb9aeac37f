#include "live/unwind/stack_snapshot.hpp"

#include <gtest/gtest.h>

namespace stent::unwind {
namespace {

StackSnapshot snapshot() {
  StackSnapshot made;
  made.thread.tid = {7};
  made.thread.registers.rip = 0x1000;
  made.thread.registers.rax = 1;
  made.current = {{0x7000}, Bytes(64)};
  return made;
}

TEST(StackSnapshot, IsTheSameOnlyWithTheSameRegistersAndStack) {
  const StackSnapshot one = snapshot();
  EXPECT_TRUE(one.same_as(snapshot()));
  StackSnapshot other = snapshot();
  other.thread.registers.rbx = 1;
  EXPECT_FALSE(one.same_as(other));
  other = snapshot();
  other.current.bytes[63] = std::byte{1};
  EXPECT_FALSE(one.same_as(other));
  other = snapshot();
  other.current.at = {0x7008};
  EXPECT_FALSE(one.same_as(other));
  other = snapshot();
  other.thread.tid = {8};
  EXPECT_FALSE(one.same_as(other));
  other = snapshot();
  other.home = StackPart{{0x9000}, Bytes(8)};
  EXPECT_FALSE(one.same_as(other));
}

TEST(StackSnapshot, WhatTheSystemCallReturnsDoesNotCount) {
  StackSnapshot other = snapshot();
  other.thread.registers.rax = 2;
  EXPECT_TRUE(snapshot().same_as(other));
}

TEST(StackSnapshot, ReadsOnlyWhatItHolds) {
  StackSnapshot one = snapshot();
  one.home = StackPart{{0x9000}, Bytes(8, std::byte{9})};
  Bytes into(8);
  EXPECT_TRUE(one.read({0x7038}, into));
  EXPECT_FALSE(one.read({0x7039}, into));
  EXPECT_FALSE(one.read({0x6fff}, into));
  EXPECT_TRUE(one.read({0x9000}, into));
  EXPECT_EQ(into[0], std::byte{9});
}

}  // namespace
}  // namespace stent::unwind
