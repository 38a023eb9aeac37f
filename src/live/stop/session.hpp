// Session: the right to stop threads of a target, from construction to destruction.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "live/process/process.hpp"
#include "live/stop/stopped_tracee.hpp"

namespace stent::stop {

class TargetLock;
class ThreadTable;

/// No other stent works on the target meanwhile. Threads are traced only while they are borrowed or stopped,
/// so that the target runs undisturbed in between. To be used by one thread of stent only (ptrace).
class Session {
 public:
  /// Disturbs nothing yet. `target` must outlive the session. Throws `gone`, `traced`.
  explicit Session(const process::Process& target);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) = delete;
  /// Detaches.
  ~Session();

  [[nodiscard]] const process::Process& target() const { return *target_; }
  /// Living threads of the target, the kernel's workers among them.
  [[nodiscard]] std::size_t thread_count() const;

  /// Lets `time` pass; a thread that did not stop when it was asked to is let go as soon as it does.
  /// Throws `gone` when the target ended or replaced itself by exec.
  void serve(std::chrono::nanoseconds time);

  /// The same, but returns early, with true, when `descriptor` becomes readable.
  [[nodiscard]] bool serve_or(int descriptor, std::chrono::nanoseconds time);

  /// Stops only the thread `tid` for as long as `look` takes. False when it has ended or does not stop soon.
  bool inspect(Tid tid, const std::function<void(const StoppedThread&)>& look);

  using Accept = std::function<bool(const StoppedThread&)>;
  using Consider = std::function<bool(Tid)>;

  /// Stops one thread while the others run; `accept` is asked with each candidate's state while it is
  /// stopped, blocked threads first; those not accepted are let go at once. Empty when none is accepted
  /// within `patience`.
  [[nodiscard]] std::optional<StoppedTracee> borrow(const Accept& accept, std::chrono::nanoseconds patience);
  /// The same once, stopping at most `candidates` of those blocked threads that `consider` names before they
  /// are disturbed.
  [[nodiscard]] std::optional<StoppedTracee> borrow_once(const Consider& consider, const Accept& accept,
                                                         std::size_t candidates);

  /// For what no thread of the target can reach yet, and for rewriting a byte with itself.
  [[nodiscard]] process::RemoteMemory& memory();

  /// Lets every thread go that is still held. Nothing but the destructor may be called afterwards. Never
  /// throws; a thread that has ended is no failure.
  void detach() noexcept;

 private:
  [[nodiscard]] std::optional<StoppedTracee> try_borrow(const Consider& consider, const Accept& accept,
                                                        bool blocked, std::size_t candidates);

  friend class ThreadGroupStop;

  const process::Process* target_;
  std::unique_ptr<TargetLock> lock_;
  std::unique_ptr<ThreadTable> threads_;
};

}  // namespace stent::stop
