#include "live/inject/arch_x86_64_call.hpp"

#include <gtest/gtest.h>

namespace stent::inject {
namespace {

TEST(BorrowedCode, IsFoundInBytes) {
  EXPECT_EQ(find_syscall_ret(from_hex("900f050f05c3")), 3u);
  EXPECT_FALSE(find_syscall_ret(from_hex("900f05")));
  EXPECT_EQ(find_sigreturn(from_hex("9048c7c00f0000000f05")), 1u);
  EXPECT_EQ(find_sigreturn(from_hex("b80f0000000f05")), 0u);
  EXPECT_FALSE(find_sigreturn(from_hex("b80e0000000f05")));
}

TEST(BorrowedCode, StartsWithNoCallToRestart) {
  stop::Registers from;
  from.raw.orig_rax = 232;
  from.raw.rbx = 7;
  const auto to = at_syscall(from, {0x1000}, {0x2000}, 9, {1, 2, 3, 4, 5, 6});
  EXPECT_FALSE(to.in_syscall());
  EXPECT_EQ(to.raw.rax, 9u);
  EXPECT_EQ(to.raw.r10, 4u);
  EXPECT_EQ(to.raw.rbx, 7u);
  EXPECT_EQ(to.sp().value, 0x2000u);
}

}  // namespace
}  // namespace stent::inject
