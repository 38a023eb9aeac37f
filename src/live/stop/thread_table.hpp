// ThreadTable: the threads of one target that stent holds (traces) right now, behind Session and its
// companions.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/unique_fd.hpp"
#include "live/process/births.hpp"
#include "live/process/process.hpp"
#include "live/stop/scheduling.hpp"
#include "live/stop/stopped_thread.hpp"
#include "live/stop/strangers.hpp"
#include "live/stop/traced_memory.hpp"
#include "live/stop/tracee.hpp"

namespace stent::stop {

/// Threads are held as briefly as can be: while a process is traced, signals that it ignores wake its
/// threads.
class ThreadTable {
 public:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Tracee tracee;
    StoppedThread view;
    int processor = -1;    ///< where it ran last when it was seized; -1: not known
    bool dormant = false;  ///< a leader that ended before its siblings
  };
  enum class Outcome { stopped, ended, late };

  /// Holds nothing yet.
  explicit ThreadTable(const process::Process& target);
  ThreadTable(const ThreadTable&) = delete;
  ThreadTable& operator=(const ThreadTable&) = delete;
  ~ThreadTable() { detach_all(); }

  [[nodiscard]] const process::Process& target() const { return *target_; }
  [[nodiscard]] process::RemoteMemory& memory() { return memory_; }
  /// Entries keep their address; newborn threads are appended. Ended ones leave only in `pump`.
  [[nodiscard]] const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }
  [[nodiscard]] Entry* find(Tid tid) const;

  /// Seizes every thread but the leader, and that too where it is the only one, until none is left that is
  /// not held; newborn ones then follow by themselves. Throws `gone`, `traced`, `not_permitted`, `busy` (an
  /// exec is under way).
  void seize_others();
  /// Seizes the leader if `seize_others` left it; null when not. To be called with every other thread stopped
  /// or asked to stop: while the leader is not traced, the kernel drops signals that the process ignores and
  /// that are sent to it as a whole. Traced, they would wake threads, and break calls of theirs that report
  /// EINTR, though another thread takes the signal.
  Entry* seize_leader(PatientSeize& attach);
  /// Seizes one thread; null when it has ended or is the kernel's. Throws as `seize_others`.
  Entry* seize(const process::ThreadStat& thread);
  /// True when no thread can have come unseen. Costs one system call.
  [[nodiscard]] bool holds_everything() const;
  /// Seizes threads that came unseen, but the leader while `seize_leader` is to come; returns how many there
  /// were. Costs one system call when there are none.
  std::size_t seize_newcomers();

  /// A process that runs in the target's memory and is no thread of it, so that no stop holds it.
  [[nodiscard]] std::optional<Unstoppable> memory_sharer();
  /// The same, of those born since `memory_sharer`. To be asked with every thread stopped.
  [[nodiscard]] std::optional<Unstoppable> new_memory_sharer();

  /// Throws `gone` when the target ended or replaced itself by exec.
  void require_target() const;
  /// Answers whatever running threads report, so that they go on, and forgets ended ones; all but `except`.
  /// Throws `gone`.
  void pump(const Entry* except = nullptr);
  /// The next event of `entry`, answering all others meanwhile; empty at the deadline. Throws `gone`.
  std::optional<StopEvent> await(Entry& entry, Clock::time_point deadline);

  /// The processors on which threads ran when they were seized, each once or more.
  [[nodiscard]] std::vector<int> busy_processors() const;
  /// After `interrupt()` of each: lets time pass in which most of them stop; a `Heartbeat` must beat. Those
  /// that slept must stand before those that ran; `run_elsewhere`: on other processors than stent's.
  static void await_all(std::span<Entry* const> asked, bool run_elsewhere, Clock::time_point deadline);
  /// After `entry.tracee.interrupt()`: waits for its event stop, cures EINTR and fills `entry.view`.
  Outcome settle(Entry& entry, Clock::time_point deadline);
  /// Lets a thread go for good, from its event stop.
  void release(Entry& entry);
  /// Lets every thread go for good: the leader first, then those that ran, straight from their stops. One
  /// that does not stop is let go as soon as it does (`pump`).
  void release_all();
  /// Why `entry` did not stop.
  [[nodiscard]] Unstoppable explain(const Entry& entry) const;

  /// As `release_all`, waiting a moment for those that do not stop. Never throws.
  void detach_all() noexcept;

 private:
  void adopt(Tid child);
  void forget_ended();
  /// Takes in threads that are traced and not known: born of one that an exec ended before it could tell, or
  /// the one that executed, which goes on under the leader's id.
  void adopt_unseen();
  void answer(Entry& entry, const StopEvent& event);
  Entry* seize(const process::ThreadStat& thread, PatientSeize& attach);
  std::size_t seize_listed(bool with_leader);
  [[nodiscard]] bool holds_any() const;
  /// Calls `work` with a stopped thread: one that is held so already, else the first that stops.
  void with_stopped(const std::function<void(Tid)>& work);
  [[nodiscard]] bool is_leader(const Entry& entry) const;
  [[nodiscard]] std::optional<Unstoppable> describe_sharer() const;
  [[nodiscard]] bool holds_unseen_leader() const;
  [[nodiscard]] bool any_runnable() const;
  [[nodiscard]] std::optional<Tid> with_memory() const;

  const process::Process* target_;
  ChildReports reports_;
  TracedMemory memory_;
  std::vector<std::unique_ptr<Entry>> entries_;
  Strangers strangers_;
  bool executed_ = false;    ///< a thread vanished: its exec goes on under the leader's id
  std::size_t skipped_ = 0;  ///< listed threads that cannot be traced
  UniqueFd folder_;          ///< of the threads
  std::optional<Pid> sharer_;
  std::optional<process::Births> births_;      ///< since `memory_sharer`
  std::optional<process::ThreadStat> leader_;  ///< that `seize_leader` is to seize
  bool releasing_ = true;                      ///< whoever stops from now on is let go
};

}  // namespace stent::stop
