#include "live/stop/arch_x86_64_deadline.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace stent::stop {
namespace {

using namespace std::chrono_literals;

Registers waiting(long number, std::int32_t timeout) {
  Registers registers;
  registers.raw.orig_rax = static_cast<unsigned long long>(number);
  registers.raw.r10 = static_cast<std::uint32_t>(timeout);
  return registers;
}

TEST(Deadline, TheFirstRestartHasTheWholeTimeoutTheOthersWhatIsLeft) {
  Registers registers = waiting(SYS_epoll_wait, 2000);
  keep_deadline(registers, 10'000'999us);
  EXPECT_EQ(registers.raw.r10, 2000U);
  EXPECT_EQ(registers.call_number(), SYS_epoll_wait);
  EXPECT_TRUE(registers.in_syscall());
  keep_deadline(registers, 10'500ms);
  EXPECT_EQ(registers.raw.r10, 1501U);  // rounded up: never too early
  keep_deadline(registers, 11'999ms);
  EXPECT_EQ(registers.raw.r10, 2U);
  keep_deadline(registers, 12'500ms);
  EXPECT_EQ(registers.raw.r10, 0U);
  EXPECT_EQ(registers.call_number(), SYS_epoll_wait);
}

TEST(Deadline, ANewCallCarriesNoNote) {
  Registers registers = waiting(SYS_epoll_pwait, 2000);
  keep_deadline(registers, 10s);
  registers = waiting(SYS_epoll_pwait, 2000);
  keep_deadline(registers, 11s);
  EXPECT_EQ(registers.raw.r10, 2000U);
}

TEST(Deadline, HoldsWhereMillisecondsWrapAround) {
  constexpr auto wrap = 1ms * (std::int64_t{1} << 31);
  Registers registers = waiting(SYS_epoll_wait, 2000);
  keep_deadline(registers, wrap - 1500ms);
  keep_deadline(registers, wrap - 500ms);
  EXPECT_EQ(registers.raw.r10, 1001U);
  keep_deadline(registers, wrap + 100ms);
  EXPECT_EQ(registers.raw.r10, 401U);
}

TEST(Deadline, WhatIsNoNoteIsNotTakenForOne) {
  Registers registers = waiting(SYS_epoll_wait, 2000);
  registers.raw.orig_rax |= std::uint64_t{0x1234'5678} << 32U;
  keep_deadline(registers, 10s);
  EXPECT_EQ(registers.raw.r10, 2000U);
}

TEST(Deadline, LeavesOtherCallsAlone) {
  for (const auto& [number, timeout] : {std::pair<long, std::int32_t>{SYS_epoll_wait, -1},
                                        {SYS_epoll_wait, 0},
                                        {SYS_epoll_wait, 0x7fffffff},
                                        {SYS_semtimedop, 2000},
                                        {SYS_epoll_pwait2, 2000}}) {
    Registers registers = waiting(number, timeout);
    const user_regs_struct before = registers.raw;
    keep_deadline(registers, 10s);
    keep_deadline(registers, 11s);
    EXPECT_EQ(registers.raw.orig_rax, before.orig_rax) << number;
    EXPECT_EQ(registers.raw.r10, before.r10) << number;
  }
}

}  // namespace
}  // namespace stent::stop
