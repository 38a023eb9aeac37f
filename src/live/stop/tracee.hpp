// Tracee: one seized thread, let go on destruction.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "base/pid.hpp"
#include "live/stop/arch_x86_64_registers.hpp"
#include "live/stop/patient_seize.hpp"

namespace stent::stop {

/// What a tracee reports (ptrace(2)).
struct StopEvent {
  enum class Kind {
    interrupted,  ///< PTRACE_EVENT_STOP after an interrupt, or the first stop of a newborn
    group_stop,   ///< PTRACE_EVENT_STOP while SIGSTOP or its like holds the process
    signal,       ///< about to be delivered: `signal`
    syscall,      ///< entry or exit of a system call
    clone,        ///< `child`, a thread or a process, was born and is traced
    exec,         ///< the process replaced itself
    other,
    ended,
  };
  Kind kind = Kind::other;
  int signal = 0;
  Tid child;

  /// What to resume with: 0 unless this is a signal about to be delivered.
  [[nodiscard]] int signal_to_pass() const { return kind == Kind::signal ? signal : 0; }
};

/// Sleeps until some tracee reports or `at_most` has passed. Needs SIGCHLD blocked (`ChildReports`).
void await_report(std::chrono::nanoseconds at_most);

class Tracee {
 public:
  enum class State { running, stopped, listening, ended };

  /// Empty when the thread ended or cannot be traced because it is the kernel's. Throws `traced`,
  /// `not_permitted`, and `busy` when an exec keeps the kernel from attaching now.
  [[nodiscard]] static std::optional<Tracee> seize(Pid pid, Tid tid, PatientSeize& attach);
  /// A thread of process `pid` that the kernel attached at its birth; its first stop comes by itself.
  [[nodiscard]] static Tracee newborn(Pid pid, Tid tid) { return Tracee(pid, tid); }

  /// True when this thread of stent traces `tid`.
  [[nodiscard]] static bool is_held(Tid tid);

  Tracee(Tracee&& other) noexcept;
  Tracee& operator=(Tracee&& other) noexcept;
  ~Tracee();

  [[nodiscard]] Tid tid() const { return tid_; }
  [[nodiscard]] State state() const { return state_; }

  /// The next event if there is one already. Signals stay unreaped until they are passed on, so that they are
  /// delivered even when stent is killed; a thread's end is reaped.
  [[nodiscard]] std::optional<StopEvent> poll();
  /// `poll`, waiting until `deadline`. Needs SIGCHLD blocked in this thread.
  [[nodiscard]] std::optional<StopEvent> wait(std::chrono::steady_clock::time_point deadline);

  /// True when `poll` would return something now.
  [[nodiscard]] bool has_report();
  /// Sleeps until that is so, or a signal comes (`Heartbeat`).
  void sleep_until_report();

  /// Asks for an event stop; also while stopped for another reason, then it follows that one.
  void interrupt();
  /// From a stop; `signal` is delivered. Each marks the tracee ended when it was killed meanwhile.
  void resume(int signal = 0);
  void resume_to_syscall(int signal = 0);
  /// From a group stop: stays stopped, yet hears of SIGCONT.
  void listen();
  /// Brings it into an event stop; needs an `interrupt` before. Signals are delivered on the way, `adopt`
  /// gets newborn threads. False when it ended or did not stop before `deadline`. Throws `gone` on exec.
  bool settle(std::chrono::steady_clock::time_point deadline, const std::function<void(Tid)>& adopt);
  /// In an event stop: hides the interruption from a system call it broke.
  void cure();
  /// True when `registers`, its own, show a call that was broken only by being interrupted.
  [[nodiscard]] bool is_broken(const Registers& registers) const;
  /// True when the last event stop was a group stop.
  [[nodiscard]] bool group_stopped() const { return group_stopped_; }
  /// From an event stop: lets it go for good. When it was killed in its stop, its end is still to be polled
  /// for.
  void leave() noexcept;
  /// After `poll` brought `event`: lets it go for good, at once or in the event stop that comes next.
  void let_go(const StopEvent& event) noexcept;
  /// True when it ended without a report: an exec took it away.
  [[nodiscard]] bool vanished() const { return vanished_; }
  /// Lets it go for good, from any state; a thread that does not stop soon is left to the kernel, which lets
  /// it go when stent ends.
  void detach() noexcept;

  /// Leaves it to the kernel, which lets it go when stent ends.
  void abandon() noexcept { state_ = State::ended; }

  /// Empty/false when the thread was killed.
  [[nodiscard]] std::optional<Registers> registers() const;
  bool set_registers(const Registers& registers);
  [[nodiscard]] std::optional<Bytes> extended_state() const;
  bool set_extended_state(ByteView state);
  /// In a stop for a signal: true when the thread itself caused it (a fault), not somebody who sent it.
  [[nodiscard]] bool has_faulted() const;
  [[nodiscard]] std::optional<std::uint64_t> signal_mask() const;
  bool set_signal_mask(std::uint64_t mask);

 private:
  struct Report {
    int code, status;  ///< as in siginfo_t; code 0: it cannot be waited for
  };

  Tracee(Pid pid, Tid tid) : pid_(pid), tid_(tid) {}
  /// What it reports, if it does: asked of the kernel with `options` (waitid(2)) unless known already.
  std::optional<Report> report(int options);
  StopEvent understand(int status);
  void resume_with(int request, int signal);

  Pid pid_;
  Tid tid_;
  State state_ = State::running;
  std::optional<Report> report_;  ///< seen and not answered; holds until the thread is resumed or killed
  bool group_stopped_ = false;
  bool vanished_ = false;
};

}  // namespace stent::stop
