#include "live/inject/arch_x86_64_frame.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace stent::inject {
namespace {

stop::Registers interrupted(long number, long result) {
  stop::Registers registers;
  registers.raw.orig_rax = static_cast<unsigned long long>(number);
  registers.raw.rax = static_cast<unsigned long long>(result);
  return registers;
}

const Bytes poll_code = from_hex("b8070000000f05");  // mov $7, %eax; syscall

TEST(ReturnFrame, IssuesACallAnewThatTheKernelWasToRestart) {
  for (const long restart : {-512, -513, -514, -516}) {
    EXPECT_EQ(call_to_reissue(interrupted(SYS_nanosleep, restart), {}), SYS_nanosleep);
    EXPECT_EQ(call_to_reissue(interrupted(SYS_epoll_wait, restart), poll_code), SYS_epoll_wait);
  }
  for (const long result : {0, -4, -515, 1})
    EXPECT_FALSE(call_to_reissue(interrupted(SYS_nanosleep, result), poll_code)) << result;
  EXPECT_FALSE(call_to_reissue(interrupted(-1, -512), poll_code));
}

TEST(ReturnFrame, ReadsTheNumberOfARestartedSleepFromTheCode) {
  const stop::Registers again = interrupted(SYS_restart_syscall, -516);
  EXPECT_EQ(call_to_reissue(again, poll_code), SYS_poll);
  EXPECT_EQ(call_to_reissue(again, from_hex("b8e60000000f05")), SYS_clock_nanosleep);
  EXPECT_FALSE(call_to_reissue(again, {}));
  EXPECT_FALSE(call_to_reissue(again, from_hex("b8000000000f05")));  // read(2) has no restart block
  EXPECT_FALSE(call_to_reissue(again, from_hex("89f8070000000f05")));
  EXPECT_FALSE(call_to_reissue(again, from_hex("89f89090900f05")));  // the number came in a register
}

}  // namespace
}  // namespace stent::inject
