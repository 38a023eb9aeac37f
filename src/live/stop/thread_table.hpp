// ThreadTable: the seized threads of one target, behind Session and its companions.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "live/process/process.hpp"
#include "live/stop/scheduling.hpp"
#include "live/stop/stopped_thread.hpp"
#include "live/stop/tracee.hpp"

namespace stent::stop {

class ThreadTable {
 public:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Tracee tracee;
    StoppedThread view;
    bool dormant = false;  ///< a leader that ended before its siblings
  };
  enum class Outcome { stopped, ended, late };

  /// Seizes everything; throws as `Session`.
  explicit ThreadTable(const process::Process& target);
  ThreadTable(const ThreadTable&) = delete;
  ThreadTable& operator=(const ThreadTable&) = delete;
  ~ThreadTable() { detach_all(); }

  [[nodiscard]] const process::Process& target() const { return *target_; }
  /// Entries keep their address; newborn threads are appended. Ended ones leave only in `pump`.
  [[nodiscard]] const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }
  [[nodiscard]] Entry* find(Tid tid) const;

  /// Seizes threads that are listed but not yet held; returns how many there were.
  std::size_t seize_newcomers();
  /// True when the kernel counts more threads than are held or skipped.
  [[nodiscard]] bool incomplete() const;

  /// Sets comm and was_blocked of every entry from /proc.
  void classify();
  /// Answers whatever running threads report, so that they go on. Throws `gone`.
  void pump();

  /// After `entry.tracee.interrupt()`: waits for its event stop, cures EINTR and fills `entry.view`.
  Outcome settle(Entry& entry, Clock::time_point deadline);
  /// From an event stop.
  void resume(Entry& entry);
  void resume_all();
  /// Why `entry` did not stop.
  [[nodiscard]] Unstoppable explain(const Entry& entry) const;

  void detach_all() noexcept;

 private:
  void adopt(Tid child);
  void answer(Entry& entry, const StopEvent& event);

  const process::Process* target_;
  ChildReports reports_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::size_t skipped_ = 0;  ///< listed threads that cannot be traced
};

}  // namespace stent::stop
