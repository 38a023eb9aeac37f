// Session: every thread of a target seized (traced but running), from construction to detach.
#pragma once

#include <chrono>
#include <memory>

#include "live/process/process.hpp"
#include "live/stop/stopped_tracee.hpp"

namespace stent::stop {

class ThreadTable;

/// While a session lives, signals of the target pass through it, so whoever holds one must stop the target,
/// `serve` it, or let the session go. To be used by one thread of stent only (ptrace).
class Session {
 public:
  /// Seizes every thread of `target`, which must outlive the session; newborn threads join by themselves.
  /// Throws `gone`, `traced`, `not_permitted`.
  explicit Session(const process::Process& target);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) = delete;
  /// Detaches.
  ~Session();

  [[nodiscard]] const process::Process& target() const { return *target_; }
  [[nodiscard]] std::size_t thread_count() const;

  /// Lets the target run for `time` while passing its signals on and adopting its newborn threads.
  /// Throws `gone` when it ended or replaced itself by exec.
  void serve(std::chrono::nanoseconds time);

  /// The same, but returns early, with true, when `descriptor` becomes readable.
  [[nodiscard]] bool serve_or(int descriptor, std::chrono::nanoseconds time);

  /// Stops only the thread `tid` for as long as `look` takes. False when it has ended or does not stop soon.
  bool inspect(Tid tid, const std::function<void(const StoppedThread&)>& look);

  using Accept = std::function<bool(const StoppedThread&)>;

  /// Stops one thread while the others run; `accept` is asked with each candidate's state while it is
  /// stopped, blocked threads first; those not accepted are resumed at once. Empty when none is accepted
  /// within `patience`.
  [[nodiscard]] std::optional<StoppedTracee> borrow(const Accept& accept, std::chrono::nanoseconds patience);
  /// The same, asking only the first `candidates` of the blocked threads, once.
  [[nodiscard]] std::optional<StoppedTracee> borrow_once(const Accept& accept, std::size_t candidates);

  /// For what no thread of the target can reach yet, and for rewriting a byte with itself.
  [[nodiscard]] process::RemoteMemory& memory();

  /// Lets every thread go, running ones first, stopped ones straight from their stop. Nothing but the
  /// destructor may be called afterwards. Never throws; a thread that has ended is no failure.
  void detach() noexcept;

 private:
  [[nodiscard]] std::optional<StoppedTracee> try_borrow(const Accept& accept, bool blocked,
                                                        std::size_t candidates);

  friend class ThreadGroupStop;

  const process::Process* target_;
  std::unique_ptr<ThreadTable> threads_;
};

}  // namespace stent::stop
