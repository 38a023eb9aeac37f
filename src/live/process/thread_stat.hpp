// What /proc/PID/task/TID/stat says of a thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/pid.hpp"

namespace stent::process {

struct ThreadStat {
  Tid tid;
  std::string comm;
  char state = '?';           ///< R, S, D, T, t, Z, X, I as in proc(5)
  std::uint64_t flags = 0;    ///< PF_* of the kernel
  int processor = -1;         ///< it last ran on; -1: not told
  std::uint64_t started = 0;  ///< clock ticks since boot; with the id it names a thread for good

  [[nodiscard]] bool is_dead() const { return state == 'Z' || state == 'X'; }
  /// Dead, or about to be: its memory may be gone already.
  [[nodiscard]] bool is_ending() const;
  /// Sleeps in the kernel (also in an uninterruptible sleep or stopped by a signal).
  [[nodiscard]] bool is_blocked() const { return state != 'R'; }
  /// A thread of the kernel, or a kernel worker inside the process (io_uring, vhost): it never runs the
  /// process's code and cannot be traced.
  [[nodiscard]] bool is_kernel_worker() const;
};

/// Parses one line of a stat file; throws `bad_input`.
[[nodiscard]] ThreadStat parse_thread_stat(std::string_view line);

/// Empty when the thread does not exist.
[[nodiscard]] std::optional<ThreadStat> read_thread_stat(Pid pid, Tid tid);

/// The name of a process for messages; "?" when it is gone.
[[nodiscard]] std::string name_of(Pid pid);

/// True when a cgroup's freezer holds the thread: it executes nothing, whatever is asked of it.
[[nodiscard]] bool is_frozen(Pid pid, Tid tid);

/// True when descriptor `fd` of the thread is a socket.
[[nodiscard]] bool is_socket(Tid tid, int fd);

/// The ids in /proc/PID/task, ascending, without looking at them; throws `gone`.
[[nodiscard]] std::vector<Tid> list_threads(Pid pid);

}  // namespace stent::process
