// LeaveEvent: tells when a thread is about to execute an instruction, without stopping it or tracing it
// further.
#pragma once

#include <optional>

#include "base/address.hpp"
#include "base/pid.hpp"
#include "base/unique_fd.hpp"

namespace stent::stop {

/// A hardware breakpoint of perf(1) on one thread: no signal, no ptrace, and gone with stent
/// (perf_event_open(2), PERF_TYPE_BREAKPOINT).
class LeaveEvent {
 public:
  /// Empty where the kernel does not permit it, or no breakpoint register is free.
  [[nodiscard]] static std::optional<LeaveEvent> watch(Tid tid, RemoteAddress at);
  LeaveEvent(LeaveEvent&& other) noexcept;
  LeaveEvent& operator=(LeaveEvent&&) = delete;
  ~LeaveEvent();

  /// Readable (poll(2)) once the thread got there.
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  LeaveEvent(UniqueFd event, void* ring) : event_(std::move(event)), ring_(ring) {}

  UniqueFd event_;
  void* ring_;  ///< without it the descriptor is never readable
};

}  // namespace stent::stop
