#include "live/stop/arch_x86_64_restart.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>

namespace stent::stop {
namespace {

Registers returning(long number, long result) {
  Registers registers;
  registers.raw.orig_rax = static_cast<unsigned long long>(number);
  registers.raw.rax = static_cast<unsigned long long>(result);
  return registers;
}

TEST(Restart, TurnsEintrOfEpollIntoARestart) {
  Registers registers = returning(SYS_epoll_wait, -EINTR);
  EXPECT_TRUE(is_spurious_eintr(registers));
  make_restart(registers, {});
  EXPECT_EQ(static_cast<long>(registers.raw.rax), -514);
  EXPECT_EQ(static_cast<long>(registers.raw.orig_rax), SYS_epoll_wait);
  EXPECT_TRUE(will_restart(registers));
}

TEST(Restart, NamesTheDescriptorOfATransfer) {
  Registers registers = returning(SYS_read, -EINTR);
  registers.raw.rdi = 7;
  EXPECT_EQ(descriptor_of_eintr(registers), 7);
  EXPECT_FALSE(descriptor_of_eintr(returning(SYS_read, -512)));
  EXPECT_FALSE(descriptor_of_eintr(returning(SYS_close, -EINTR)));
  make_restart(registers, {});
  EXPECT_TRUE(will_restart(registers));
}

TEST(Restart, LeavesEverythingElseAlone) {
  for (const auto& [number, result] : {std::pair<long, long>{SYS_close, -EINTR},
                                       {-1, -EINTR},
                                       {SYS_epoll_wait, 0},
                                       {SYS_read, -512},
                                       {SYS_poll, -516}}) {
    Registers registers = returning(number, result);
    EXPECT_FALSE(is_spurious_eintr(registers)) << number;
  }
  EXPECT_FALSE(will_restart(returning(SYS_poll, -516)));
  EXPECT_FALSE(will_restart(returning(-1, -512)));
}

}  // namespace
}  // namespace stent::stop
