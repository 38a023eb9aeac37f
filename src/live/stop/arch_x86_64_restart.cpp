#include "live/stop/arch_x86_64_restart.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stent::stop {
namespace {

constexpr long erestartsys = 512;  // include/linux/errno.h
constexpr long erestartnohand = 514;

/// Calls that return EINTR after any interruption (signal(7), "never restarted"), and whose repetition is
/// harmless because an EINTR of theirs means that nothing was done.
constexpr std::array restartable_calls{
    SYS_epoll_wait,   SYS_epoll_pwait,   SYS_epoll_pwait2,   SYS_semop,  SYS_semtimedop, SYS_rt_sigtimedwait,
    SYS_io_getevents, SYS_io_pgetevents, SYS_io_uring_enter, SYS_accept, SYS_accept4,    SYS_connect,
    SYS_recvfrom,     SYS_recvmsg,       SYS_recvmmsg,       SYS_sendto, SYS_sendmsg,    SYS_sendmmsg,
};

long result_of(const Registers& registers) { return static_cast<long>(registers.raw.rax); }

}  // namespace

bool is_spurious_eintr(const Registers& registers) {
  if (!registers.in_syscall() || result_of(registers) != -EINTR) return false;
  const auto number = static_cast<long>(registers.raw.orig_rax);
  return std::find(restartable_calls.begin(), restartable_calls.end(), number) != restartable_calls.end();
}

bool cure_spurious_eintr(Registers& registers) {
  if (!is_spurious_eintr(registers)) return false;
  registers.raw.rax = static_cast<unsigned long long>(-erestartnohand);
  return true;
}

bool will_restart(const Registers& registers) {
  const long result = result_of(registers);
  return registers.in_syscall() && result <= -erestartsys && result >= -erestartnohand;
}

}  // namespace stent::stop
