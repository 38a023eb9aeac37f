#include "live/inject/arch_x86_64_function.hpp"

#include <gtest/gtest.h>

namespace stent::inject {
namespace {

constexpr CallSite site{{0x10000}, {{0x20000}, 0x10000}};

TEST(FunctionCall, EntersWithAnAlignedStackAndAWayHome) {
  const CallFrame frame = make_call_frame(site, {0x7000});
  EXPECT_EQ((frame.at.value + 8) % 16, 0u);
  EXPECT_TRUE(site.stack.contains(frame.at));
  EXPECT_EQ(load<std::uint64_t>(frame.bytes, 0), site.code.value);
  EXPECT_EQ(load<std::uint64_t>(frame.bytes, 8), 0x7008u);
  EXPECT_EQ(frame.result.value, frame.at.value + 16);
}

TEST(FunctionCall, StartsWithNoCallToRestartAndForwardStrings) {
  stop::Registers from;
  from.raw.orig_rax = 232;
  from.raw.eflags = 0x446;
  const auto to = at_function(from, make_call_frame(site, {0x7000}), {0x1234}, {1, 2, 3, 4});
  EXPECT_FALSE(to.in_syscall());
  EXPECT_EQ(to.raw.eflags, 0x46u);
  EXPECT_EQ(to.pc().value, 0x1234u);
  EXPECT_EQ(to.raw.rcx, 4u);
}

TEST(FunctionCall, EndsAtItsOwnSigreturnOnly) {
  stop::Registers registers;
  registers.raw.rip = site.code.value + 16;
  registers.raw.orig_rax = 15;
  EXPECT_TRUE(has_come_home(registers, site));
  EXPECT_FALSE(has_come_home(skipping_syscall(registers), site));
  registers.raw.rip += 2;
  EXPECT_FALSE(has_come_home(registers, site));
}

TEST(FunctionCall, StartsWithDefaultRounding) {
  Bytes state(1024, std::byte{0xff});
  state = with_default_floating_point(std::move(state));
  EXPECT_EQ(load<std::uint16_t>(state, 0), 0x37f);
  EXPECT_EQ(load<std::uint32_t>(state, 24), 0x1f80u);
  EXPECT_EQ(load<std::uint8_t>(state, 4), 0u);
}

}  // namespace
}  // namespace stent::inject
