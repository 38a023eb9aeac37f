// The general registers of a stopped thread on x86-64.
#pragma once

#include <sys/user.h>

#include "base/address.hpp"

namespace stent::stop {

/// What PTRACE_GETREGS gives; `raw` is for unwinders and system calls.
struct Registers {
  user_regs_struct raw{};

  [[nodiscard]] RemoteAddress pc() const { return {raw.rip}; }
  [[nodiscard]] RemoteAddress sp() const { return {raw.rsp}; }
  /// The thread pointer; its mapping is the home stack of every thread but the first.
  [[nodiscard]] RemoteAddress fs_base() const { return {raw.fs_base}; }
  /// True when the thread was stopped on its way out of a system call (then `orig_rax` is its number).
  [[nodiscard]] bool in_syscall() const { return static_cast<long long>(raw.orig_rax) >= 0; }
  /// What the kernel takes for it: the lower half (`keep_deadline` uses the other).
  [[nodiscard]] int call_number() const { return static_cast<int>(raw.orig_rax); }
};

/// The first byte below `sp` that a leaf function may use (psABI: red zone).
inline constexpr std::int64_t red_zone_size = 128;

}  // namespace stent::stop
