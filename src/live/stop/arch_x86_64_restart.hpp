// Hiding a stop from a thread whose system call the stop broke with EINTR.
#pragma once

#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::stop {

/// In a PTRACE_EVENT_STOP: true when `registers` show a system call that returned -EINTR only because
/// something interrupted it, though the kernel could start it again.
[[nodiscard]] bool is_spurious_eintr(const Registers& registers);

/// Makes such a call return -ERESTARTNOHAND: the kernel then restarts it, or returns EINTR when a handler
/// runs. Only `rax` changes. Returns whether it did. (Rewinding rip by hand would lose a wakeup when a signal
/// is pending.)
bool cure_spurious_eintr(Registers& registers);

/// True for -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND: the kernel will issue the call again by itself.
[[nodiscard]] bool will_restart(const Registers& registers);

}  // namespace stent::stop
