// What can be told of a sleeping thread without waking it.
#pragma once

#include <optional>

#include "live/unwind/thread_state.hpp"

namespace stent::publish {

/// The state of thread `tid` of `group` as publish::Judge wants it, when it sleeps in the kernel (or is held
/// there by a signal that stops it) right now; empty when it runs, waits for a processor, or cannot be told
/// (proc(5), /proc/PID/syscall: the kernel gives it only for a thread that stayed off the processors).
[[nodiscard]] std::optional<unwind::ThreadState> read_sleeper(Pid group, Tid tid, bool is_main);

/// True when system call `number` may give birth to a thread or a process.
[[nodiscard]] bool gives_birth(long number);

}  // namespace stent::publish
