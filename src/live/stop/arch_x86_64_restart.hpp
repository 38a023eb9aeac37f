// Hiding a stop from a thread whose system call the stop broke with EINTR.
#pragma once

#include <chrono>
#include <optional>

#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::stop {

/// In a PTRACE_EVENT_STOP: true when `registers` show a system call that returned -EINTR only because
/// something interrupted it, though the kernel could start it again.
[[nodiscard]] bool is_spurious_eintr(const Registers& registers);

/// Makes such a call return -ERESTARTNOHAND: the kernel then restarts it, or returns EINTR when a handler
/// runs. Only `rax` changes, and what `keep_deadline` does; `now` is its. (Rewinding rip by hand would lose a
/// wakeup when a signal is pending.)
void make_restart(Registers& registers, std::chrono::nanoseconds now);

/// read(2), write(2) and their vector forms report EINTR so only of a socket with a timeout (socket(7),
/// SO_RCVTIMEO). When `registers` show that: the descriptor, for the caller to look whether it is a socket
/// and then to `make_restart`.
[[nodiscard]] std::optional<int> descriptor_of_eintr(const Registers& registers);

/// True for -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND: the kernel will issue the call again by itself.
[[nodiscard]] bool will_restart(const Registers& registers);

/// As `will_restart`, or -ERESTART_RESTARTBLOCK: a sleep that the kernel goes on with by restart_syscall(2).
[[nodiscard]] bool will_restart_somehow(const Registers& registers);

/// True when call `number`, interrupted, reports EINTR rather than asking for its restart, so that
/// `make_restart` would have to step in.
[[nodiscard]] bool reports_eintr(long number);

}  // namespace stent::stop
