// How often a thread has been switched to, which tells a thread that waits for ever from one that works.
#pragma once

#include <cstdint>
#include <optional>

#include "base/pid.hpp"

namespace stent::process {

struct ThreadSwitches {
  bool is_asleep = false;
  std::uint64_t count = 0;  ///< voluntary and other context switches since its birth
};

/// From /proc/PID/task/TID/status; empty when the thread has ended.
[[nodiscard]] std::optional<ThreadSwitches> read_thread_switches(Pid pid, Tid tid);

/// Bytes of memory of its own that the process holds (RssAnon of /proc/PID/status); 0 when not told.
[[nodiscard]] std::uint64_t own_memory(Pid pid);

}  // namespace stent::process
