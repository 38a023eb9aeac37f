// Waiting for another stent that works on the same process.
#pragma once

#include <chrono>

#include "base/error.hpp"
#include "base/pid.hpp"

namespace stent::transaction {

/// True when a stent traces a thread of `pid` now, or whoever did has just let it go or is about to.
[[nodiscard]] bool held_by_stent(Pid pid);

/// Sleeps a moment, for less than what is left until `deadline`; false when nothing is left.
[[nodiscard]] bool pause_until(std::chrono::steady_clock::time_point deadline);

/// Calls `attempt`, and again whenever it failed because another stent held the process; until `deadline`.
template <class Attempt>
auto when_free(Pid pid, std::chrono::steady_clock::time_point deadline, const Attempt& attempt) {
  for (;;) {
    try {
      return attempt();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::traced || !held_by_stent(pid) || !pause_until(deadline)) throw;
    }
  }
}

}  // namespace stent::transaction
