#include "live/stop/arch_x86_64_restart.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "live/stop/arch_x86_64_deadline.hpp"

namespace stent::stop {
namespace {

constexpr long erestartsys = 512;  // include/linux/errno.h
constexpr long erestartnohand = 514;
constexpr long erestart_restartblock = 516;

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
  return reports_eintr(registers.call_number());
}

bool reports_eintr(long number) {
  return std::find(restartable_calls.begin(), restartable_calls.end(), number) != restartable_calls.end();
}

std::optional<int> descriptor_of_eintr(const Registers& registers) {
  constexpr std::array transfers{SYS_read, SYS_readv, SYS_write, SYS_writev};
  if (!registers.in_syscall() || result_of(registers) != -EINTR) return std::nullopt;
  const long number = registers.call_number();
  if (std::find(transfers.begin(), transfers.end(), number) == transfers.end()) return std::nullopt;
  return static_cast<int>(registers.raw.rdi);
}

void make_restart(Registers& registers, std::chrono::nanoseconds now) {
  keep_deadline(registers, now);
  registers.raw.rax = static_cast<unsigned long long>(-erestartnohand);
}

bool will_restart(const Registers& registers) {
  const long result = result_of(registers);
  return registers.in_syscall() && result <= -erestartsys && result >= -erestartnohand;
}

bool will_restart_somehow(const Registers& registers) {
  return will_restart(registers) ||
         (registers.in_syscall() && result_of(registers) == -erestart_restartblock);
}

}  // namespace stent::stop
