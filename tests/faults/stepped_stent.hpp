// A stent whose every system call can be made to fail, or be its last: it runs in a child traced by the test.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <vector>

#include "base/error.hpp"

namespace stent::test {

/// One system call that the child is about to make.
struct Call {
  long number = 0;
  std::uint64_t arguments[6] = {};
};

/// What becomes of it.
struct Fate {
  enum class Kind { goes_on, fails, is_last } kind = Kind::goes_on;
  int error = 0;  ///< for `fails`
};

/// How the child ended.
struct Ending {
  bool killed = false;
  int code = 0;  ///< an ErrorCode, 0 for success
};

/// Has the kernel report `calls` of this process to its tracer (seccomp(2)); others run at full speed.
inline void report_calls(const std::vector<long>& calls) {
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const long call : calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(98);
}

[[noreturn]] inline void be_stepped(const std::function<void()>& action, const std::vector<long>& calls) {
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::raise(SIGSTOP);
  report_calls(calls);
  try {
    action();
  } catch (const Error& error) {
    ::_exit(static_cast<int>(error.code()));
  } catch (...) {
    ::_exit(99);
  }
  ::_exit(0);
}

/// Runs `action` in a child and asks `judge` about each of its system calls that is one of `calls`. `is_last`
/// kills the child before that call; one that `fails` is not made.
inline Ending run_stepped(const std::function<void()>& action, const std::vector<long>& calls,
                          const std::function<Fate(const Call&)>& judge) {
  const pid_t child = ::fork();
  if (child == 0) be_stepped(action, calls);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  for (long signal = 0;;) {
    ::ptrace(PTRACE_CONT, child, nullptr, signal);
    if (::waitpid(child, &status, __WALL) != child) throw std::runtime_error("waiting for the stepped stent");
    if (WIFEXITED(status)) return {false, WEXITSTATUS(status)};
    if (WIFSIGNALED(status)) return {true, 0};
    signal = 0;
    if (status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      signal = WSTOPSIG(status);
      continue;
    }
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    const Fate fate =
        judge({static_cast<long>(registers.orig_rax),
               {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9}});
    if (fate.kind == Fate::Kind::is_last) ::kill(child, SIGKILL);
    if (fate.kind != Fate::Kind::fails) continue;
    registers.orig_rax = ~0ULL;  // no call is made, and this is its result
    registers.rax = static_cast<unsigned long long>(-fate.error);
    ::ptrace(PTRACE_SETREGS, child, nullptr, &registers);
  }
}

/// True for the calls through which stent changes a target, or has a thread of it go on.
inline bool changes_target(const Call& call) {
  if (call.number == SYS_pwrite64) return true;
  if (call.number != SYS_ptrace) return false;
  switch (static_cast<__ptrace_request>(call.arguments[0])) {
    case PTRACE_SETREGS:
    case PTRACE_SETSIGMASK:
    case PTRACE_SYSCALL:
    case PTRACE_CONT:
    case PTRACE_DETACH: return true;
    default: return false;
  }
}

}  // namespace stent::test
