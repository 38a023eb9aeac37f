// When a wait that stops break again and again is to end, kept where only the kernel and tracers see it.
#pragma once

#include <chrono>

#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::stop {

/// For a call that is about to be restarted from its beginning, timeout included: the first time its deadline
/// is noted in the upper half of `orig_rax`, from the second time on the timeout in its register is what is
/// left until then (never less). The kernel takes the number of a call from the lower half, and the note is
/// gone when the call returns: a later call does not carry it, whoever makes it. So it also holds from one
/// stent to the next.
/// Does nothing for calls whose timeout is no register (epoll_wait and epoll_pwait have one, in milliseconds)
/// or without end, and on kernels that looked at all of rax (before 5.14). `now`: CLOCK_MONOTONIC.
void keep_deadline(Registers& registers, std::chrono::nanoseconds now);

}  // namespace stent::stop
