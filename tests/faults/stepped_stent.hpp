// A stent whose every system call can be made to fail, or be its last: it runs in a child traced by the test.
#pragma once

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <stdexcept>

#include "base/error.hpp"

namespace stent::test {

/// One system call of the child, before it is made and after.
struct Call {
  long number = 0;
  std::uint64_t arguments[6] = {};
  bool is_done = false;
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

/// Runs `action` in a child and asks `judge` about each of its system calls, before and after. `is_last`
/// kills the child there. What is said to fail is not made.
inline Ending run_stepped(const std::function<void()>& action,
                          const std::function<Fate(const Call&)>& judge) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    int code = 0;
    try {
      action();
    } catch (const Error& error) {
      code = static_cast<int>(error.code());
    } catch (...) {
      code = 99;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  Call call;
  bool inside = false;
  int pending_error = 0;
  for (long signal = 0;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, signal) != 0 && errno != ESRCH)
      throw std::runtime_error("stepping");
    if (::waitpid(child, &status, __WALL) != child) throw std::runtime_error("waiting for the stepped stent");
    if (WIFEXITED(status)) return {false, WEXITSTATUS(status)};
    if (WIFSIGNALED(status)) return {true, 0};
    signal = 0;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      signal = WSTOPSIG(status);
      continue;
    }
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    inside = !inside;
    if (inside)
      call = {static_cast<long>(registers.orig_rax),
              {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9},
              false};
    call.is_done = !inside;
    if (!inside && pending_error != 0) {
      registers.rax = static_cast<unsigned long long>(-pending_error);
      ::ptrace(PTRACE_SETREGS, child, nullptr, &registers);
      pending_error = 0;
      continue;
    }
    const Fate fate = judge(call);
    if (fate.kind == Fate::Kind::is_last) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, __WALL);
      return {true, 0};
    }
    if (fate.kind == Fate::Kind::fails && inside) {
      registers.orig_rax = ~0ULL;
      ::ptrace(PTRACE_SETREGS, child, nullptr, &registers);
      pending_error = fate.error;
    }
  }
}

/// True for the calls through which stent changes a target, or has it go on.
inline bool changes_target(const Call& call) {
  if (call.number == SYS_pwrite64) return true;
  if (call.number != SYS_ptrace) return false;
  switch (static_cast<__ptrace_request>(call.arguments[0])) {
    case PTRACE_SETREGS:
    case PTRACE_SETSIGMASK:
    case PTRACE_SYSCALL:
    case PTRACE_CONT:
    case PTRACE_SEIZE:
    case PTRACE_INTERRUPT:
    case PTRACE_LISTEN:
    case PTRACE_DETACH: return true;
    default: return false;
  }
}

}  // namespace stent::test
