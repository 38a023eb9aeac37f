// Waiting until no thread is inside, or returns into, given code, and then changing it in the same stop.
#pragma once

#include <chrono>
#include <span>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "live/redirect/switch.hpp"
#include "live/stop/session.hpp"
#include "live/stop/thread_group_stop.hpp"
#include "live/transaction/begun_calls.hpp"
#include "live/transaction/inventory.hpp"
#include "live/transaction/transaction.hpp"
#include "live/transaction/wait_for_intruder.hpp"
#include "live/unwind/foreign_stacks.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::transaction {

/// What one successful change took.
struct Change {
  unsigned tries = 0;
  std::size_t threads = 0;
  std::chrono::nanoseconds stop_window{0};
  std::optional<std::chrono::nanoseconds> longest_pause{};  ///< without a stop: of one thread
  StopPhases phases{};
  ForeignSearch search{};
  std::vector<std::string> notes{};  ///< what went wrong afterwards, for the report
};

/// Who kept a change from being made until the deadline.
struct Busy {
  unwind::Intruder intruder;
  unsigned tries = 0;
  /// It slept, or the word stayed, for so long without a change until the deadline; 0: it moved.
  std::chrono::nanoseconds unchanged_for{0};
};

/// The error that tells of `busy`: thread, function and call chain. Takes a while (it reads symbol tables),
/// so call it when the target is no longer held.
[[nodiscard]] Error busy_error(const process::Process& target, const std::vector<FoundRecord>& records,
                               const Busy& busy);

class Quiescence {
 public:
  /// `code`: what inject::find_borrowed_code finds, where that is known already.
  Quiescence(stop::Session& session, std::vector<FoundRecord> records, unwind::ForbiddenCode forbidden,
             const Options& options, const inject::BorrowedCode* code = nullptr);
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;

  /// Makes `what` happen in one stop in which no thread is inside. Tries until `deadline`, at least once,
  /// with the target running in between. Throws `mismatch` when a place no longer holds what the write
  /// expects.
  [[nodiscard]] std::variant<Change, Busy> change(const redirect::Switch& what, Deadline deadline);

  /// True when, in one of at most `tries` stops, no register, no used stack and no data held an address in
  /// `ranges`, and no thread was inside. What stands in `leaving`, and what an exception object notes of its
  /// catcher, is no reference: it leads there only by way of code that a stack returns to. Each stop is as
  /// long as any: what cannot be searched in that time counts as a reference.
  [[nodiscard]] bool unreferenced(std::span<const RemoteRange> ranges, std::span<const RemoteRange> leaving,
                                  int tries);

 private:
  struct Present {
    std::vector<process::Mapping> mappings;
    std::vector<process::Module> modules;
  };
  static Present look_at(const process::Process& target);
  Quiescence(stop::Session& session, Present present, std::vector<FoundRecord> records,
             unwind::ForbiddenCode forbidden, const Options& options, const inject::BorrowedCode* code);

  /// What came of one stop: changed, or kept from it by an intruder or by threads not yet understood.
  struct Attempt {
    std::optional<unwind::Intruder> intruder;
    bool is_undecided = false;
  };

  std::optional<unwind::Intruder> try_once(const redirect::Switch& what, Change& change);
  void rehearse(const redirect::Switch& what);
  Attempt stop_and_change(const redirect::Switch& what, Change& change);
  std::optional<unwind::Intruder> search_foreign_stacks(std::chrono::steady_clock::time_point deadline,
                                                        Change& change);
  /// Throws `refused` when the policy, or too much memory, leaves no hope.
  void refuse_hopeless() const;
  void refuse_found(const unwind::Intruder& intruder) const;
  /// Whether this one thread still is an intruder.
  bool is_still_inside(Tid tid);
  /// An intruder that is no single thread.
  [[nodiscard]] unwind::Intruder crowd(const std::string& reason) const;
  enum class Search { clean, referenced, threads_inside, too_long };
  [[nodiscard]] Search unreferenced_now(std::span<const RemoteRange> ranges,
                                        std::span<const RemoteRange> leaving);
  [[nodiscard]] std::chrono::nanoseconds max_pause() const;
  /// Appends what `threads` are in to `states`; returns that part.
  std::span<const unwind::ThreadState> add_states(std::span<const stop::StoppedThread> threads,
                                                  std::vector<unwind::ThreadState>& states) const;

  stop::Session* session_;
  std::vector<FoundRecord> records_;
  unwind::ForbiddenCode forbidden_;
  Options options_;
  unwind::Unwinder unwinder_;
  unwind::StackCheck check_;
  BegunCalls begun_;
  std::optional<unwind::ForeignStacks> foreign_;  ///< empty: the policy says to ignore them
  std::uint64_t own_memory_;                      ///< of the target, when this began
  /// As they were then, until the first try has used them.
  std::optional<std::vector<process::Mapping>> mappings_;
};

}  // namespace stent::transaction
