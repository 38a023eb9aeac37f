// What a thread does about signals.
#pragma once

#include <cstdint>
#include <optional>

#include "base/pid.hpp"

namespace stent::publish {

/// Sets of signals; bit N-1 is signal N.
struct SignalState {
  std::uint64_t pending = 0;  ///< sent to the whole process, and not taken by a thread yet
  std::uint64_t blocked = 0;
  std::uint64_t ignored = 0;  ///< of the whole process
  std::uint64_t caught = 0;   ///< of the whole process
};

[[nodiscard]] constexpr std::uint64_t signal_bit(int signal) { return std::uint64_t{1} << (signal - 1); }

/// From /proc/GROUP/task/TID/status; empty when the thread has ended.
[[nodiscard]] std::optional<SignalState> read_signal_state(Pid group, Tid tid);

}  // namespace stent::publish
