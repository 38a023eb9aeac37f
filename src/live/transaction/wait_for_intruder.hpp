// Waiting for an intruder to leave: by event where there is one, else by looking at it alone.
#pragma once

#include <chrono>
#include <functional>

#include "live/stop/session.hpp"
#include "live/stop/stopped_thread.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::transaction {

using Deadline = std::chrono::steady_clock::time_point;

enum class Waited {
  may_have_left,  ///< it moved, or it cannot be told
  still_there,    ///< at the deadline; it was not seen to leave
  never_moved,    ///< at the deadline; it slept, or the word stayed, all the time
};

/// A thread that did not stop: nobody knows where it is.
[[nodiscard]] unwind::Intruder intruder_of(const stop::Unstoppable& thread);

/// Lets the target run, at least for `shortest`, until `intruder` may have left what it is inside of; at most
/// until `deadline`. Nothing is stopped for a thread that sleeps or for a word in memory: the kernel's count
/// of its switches, and the word itself, tell whether anything changed. A thread that runs is watched by a
/// breakpoint event where it will return to; after `shortest`, `looks_inside` is asked on a growing timer,
/// which may stop that thread alone.
[[nodiscard]] Waited wait_for_intruder(stop::Session& session, const unwind::Intruder& intruder,
                                       std::chrono::nanoseconds shortest, Deadline deadline,
                                       const std::function<bool()>& looks_inside);

}  // namespace stent::transaction
