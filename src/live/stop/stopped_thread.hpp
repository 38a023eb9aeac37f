// What stent knows of one stopped thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/pid.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::stop {

struct StoppedThread {
  Tid tid{};
  std::string comm{};
  Registers registers{};       ///< as the thread will continue with (after a spurious EINTR was cured)
  bool was_blocked = false;    ///< it slept in the kernel when the stop began
  bool group_stopped = false;  ///< SIGSTOP or its like holds it; it stays stopped afterwards
};

/// Why a stop was given up: this thread did not stop in time. All threads run again;
/// this one's stop may still come, so the session must be served or let go.
struct Unstoppable {
  Tid tid;
  std::string comm;
  std::string reason;  ///< e.g. "in an uninterruptible sleep (state D)"
};

/// Every signal blocked, for `StoppedTracee::set_signal_mask`.
inline constexpr std::uint64_t all_signals = ~std::uint64_t{0};

/// `gone` for a process that ended, or that exec replaced, under our hands.
[[nodiscard]] Error target_gone(Pid pid, const std::string& how);

}  // namespace stent::stop
