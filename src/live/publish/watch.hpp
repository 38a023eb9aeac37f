// Watch: every thread of a target traced while it runs, and seen one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "live/process/process.hpp"
#include "live/publish/judge.hpp"
#include "live/stop/scheduling.hpp"
#include "live/stop/tracee.hpp"

namespace stent::publish {

/// Whatever a traced thread reports is answered within microseconds: signals are passed on in their order,
/// newborn threads are traced from their birth. Threads are let go by the kernel, undisturbed, when the
/// thread of stent ends that uses this; so it belongs into one that then does (`run_guarded`).
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  struct Reactions {
    /// Where a thread goes on that has executed a breakpoint and stands at its argument; empty: not ours.
    std::function<std::optional<RemoteAddress>(RemoteAddress)> on_breakpoint;
    /// A process was born with a copy of the target's memory, and has not run yet.
    std::function<void(Pid)> on_copy;
  };

  Watch(const process::Process& target, Reactions reactions);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  /// Returns when every thread is traced, whatever is born from now on included. A text says what keeps that
  /// from being so until `deadline`. Throws `gone`, `traced`, `not_permitted`, `busy`.
  [[nodiscard]] std::optional<std::string> begin(Clock::time_point deadline);

  /// Returns when each thread was seen by `judge` since this was called, in a stop of its own or asleep, and
  /// passed; one that was born and has not run yet passes unseen, or births without end would keep this
  /// going. Running threads are interrupted for that, one at a time and for microseconds; sleeping ones only
  /// where they do not pass asleep. False when `deadline` came first. Throws `gone`.
  [[nodiscard]] bool pass(Judge& judge, Clock::time_point deadline);

  /// To be called before the tracing thread ends, which lets every thread go as it is: sees each once more,
  /// as `pass` without a deadline, and waits a moment for those that were interrupted and have not stopped,
  /// and for signals on their way. Let go before, a thread may find its system call broken: by its own
  /// interruption, or by a signal that the process ignores, which the kernel drops only where nobody is
  /// traced.
  void finish(Judge& judge);

  [[nodiscard]] std::size_t thread_count() const { return threads_.size(); }
  /// The longest that one thread was held in a stop, an upper bound.
  [[nodiscard]] std::chrono::nanoseconds longest_pause() const { return longest_pause_; }

 private:
  struct Thread {
    stop::Tracee tracee;
    Pid group;
    bool passed = false;
    bool is_copy = false;       ///< a process of its own, to be let go at its first stop
    bool is_newborn = false;    ///< has not come to its first stop yet, so that it has not run either
    bool blocks_traps = false;  ///< SIGTRAP is blocked in it
    bool is_asked = false;      ///< interrupted, and not seen in a stop since
    bool is_doubtful = false;   ///< did not pass at a glance: to be looked at while it is held
    unsigned interruptions = 0;
    std::chrono::nanoseconds wait{0};
    Clock::time_point next_look{};
    Clock::time_point ran_at{};  ///< it was not held then
  };

  bool seize_new(bool with_leader);
  void note_signal_masks();
  [[nodiscard]] bool sharers_are_traced() const;
  Thread& adopt(Tid child, std::optional<bool> shares_memory = {});
  [[nodiscard]] bool runs_in_target(Tid process) const;
  /// One round: looks at every thread that has not passed and is due; returns when the next one is.
  Clock::time_point look_at_all();
  void look_at(Thread& thread);
  void interrupt(Thread& thread);
  /// Answers what has been reported; sleeps for at most `at_most` when nothing has.
  void serve(std::chrono::nanoseconds at_most);
  void drain();
  void poll(Thread& thread);
  void handle(Thread& thread, const stop::StopEvent& event, Clock::time_point stopped_after);
  void answer(Thread& thread, const stop::StopEvent& event);
  void answer_birth(Thread& thread, Tid child);
  void answer_signal(Thread& thread, int signal);
  [[nodiscard]] bool reroute(Thread& thread, stop::Registers registers);
  void see(Thread& thread, const stop::Registers& registers);
  void judge_seen(Thread& thread);
  void postpone(Thread& thread);
  void forget_ended();
  [[nodiscard]] bool have_all_passed() const;
  [[nodiscard]] bool is_any_on_its_way() const;
  void require_target() const;

  const process::Process* target_;
  Reactions reactions_;
  stop::ChildReports reports_;
  stop::UrgentScheduling urgent_;
  std::map<pid_t, Thread> threads_;
  Judge* judge_ = nullptr;
  std::optional<unwind::ThreadState> seen_;  ///< who was held last, to be judged now that it runs again
  bool is_undecided_ = false;
  Clock::time_point rested_{};
  Clock::time_point quiet_ = Clock::now();  ///< nothing unanswered was reported then
  std::chrono::nanoseconds longest_pause_{0};
};

}  // namespace stent::publish
