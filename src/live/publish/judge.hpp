// Judge: decides whether a thread that is seen may pass.
#pragma once

#include "live/unwind/thread_state.hpp"

namespace stent::publish {

enum class Verdict {
  passes,
  fails,      ///< to be looked at again
  undecided,  ///< `decide` tells, once the thread runs again
};

class Judge {
 public:
  virtual ~Judge() = default;
  /// Whether a thread passes that was in this state a moment ago and may run again. Of one that slept
  /// (`was_blocked`) only the program counter, the stack pointer, the number of its system call (`orig_rax`,
  /// -1: none) and an address in its control block (`fs_base`, 0: not known) are told.
  [[nodiscard]] virtual bool glance(const unwind::ThreadState& thread) = 0;
  /// The same for a thread that did not pass so and is held in a stop now.
  [[nodiscard]] virtual Verdict look(const unwind::ThreadState& thread) {
    return glance(thread) ? Verdict::passes : Verdict::fails;
  }
  /// Of what the last `look` left undecided.
  [[nodiscard]] virtual bool decide() { return false; }
  /// True when a thread that runs needs not be interrupted to be judged: it passes.
  [[nodiscard]] virtual bool lets_running_pass() const { return false; }
  /// Called while no thread is held, before any that did not pass is looked at again.
  virtual void refresh() {}
};

}  // namespace stent::publish
