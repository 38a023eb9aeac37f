// ThreadGroupStop: one stop window over all threads of a target.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "live/stop/heartbeat.hpp"
#include "live/stop/patient_seize.hpp"
#include "live/stop/scheduling.hpp"
#include "live/stop/session.hpp"
#include "live/stop/stopped_thread.hpp"
#include "live/stop/thread_table.hpp"

namespace stent::stop {

/// The longest single stop when the user gives none: 20 ms + 20 us a thread.
[[nodiscard]] std::chrono::nanoseconds default_max_pause(std::size_t threads);

/// Resumes everything on destruction. Use in this order: stop_blocked, look, stop_running, look, write,
/// resume.
class ThreadGroupStop {
 public:
  /// Stops nothing yet. `max_pause` counts from the first stop.
  ThreadGroupStop(Session& session, std::chrono::nanoseconds max_pause);
  ThreadGroupStop(const ThreadGroupStop&) = delete;
  ThreadGroupStop& operator=(const ThreadGroupStop&) = delete;
  ~ThreadGroupStop();

  /// Stops the threads that sleep in the kernel, and of few threads all. A value: gave up, everything runs
  /// again. Throws `gone`.
  [[nodiscard]] std::optional<Unstoppable> stop_blocked();
  /// Stops all others, newborn ones included; afterwards no thread of the target runs. As above.
  [[nodiscard]] std::optional<Unstoppable> stop_running();

  /// How many threads there are, or somewhat more.
  [[nodiscard]] std::size_t expected() const { return stopped_.capacity(); }
  /// What `stop_blocked` stopped.
  [[nodiscard]] std::span<const StoppedThread> blocked() const;
  /// What `stop_running` stopped, in addition to `blocked`.
  [[nodiscard]] std::span<const StoppedThread> running() const;
  /// True when every thread is stopped (after stop_running succeeded, before resume).
  [[nodiscard]] bool complete() const { return complete_; }
  /// When the first thread was asked to stop, or when this was made.
  [[nodiscard]] std::chrono::steady_clock::time_point began() const { return began_.value_or(made_); }
  /// True once the time allowed by max_pause is over; whoever still works must resume.
  [[nodiscard]] bool overdue() const;

  /// Write authority; throws `internal` unless `complete()`.
  [[nodiscard]] process::RemoteMemory& memory();

  /// Lets all threads go on, running ones first. Returns the stop window: first thread stopped to last
  /// resumed. Does nothing the second time (and returns the same).
  std::chrono::nanoseconds resume();

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<Unstoppable> stop(bool only_blocked);
  void ask_leader();
  std::optional<Unstoppable> stop_asked();

  Session* session_;
  std::chrono::nanoseconds max_pause_;
  Clock::time_point made_ = Clock::now();
  std::optional<Clock::time_point> began_;
  std::chrono::nanoseconds window_{0};
  std::vector<StoppedThread> stopped_;
  std::size_t blocked_count_ = 0;
  bool complete_ = false;
  bool resumed_ = false;
  std::vector<ThreadTable::Entry*> asked_;  ///< to stop, those that slept first
  std::optional<PatientSeize> attach_;      ///< made before the first stop: for the leader
  std::optional<Heartbeat> heartbeat_;
  std::optional<OtherProcessors> aside_;
  std::optional<UrgentScheduling> urgent_;
};

}  // namespace stent::stop
