// PatientSeize: PTRACE_SEIZE that comes back when the kernel makes it wait.
#pragma once

#include <csignal>
#include <ctime>

#include "base/pid.hpp"

namespace stent::stop {

/// While a thread of the target executes execve(2), attaching to any of its threads sleeps until the others
/// have ended; one of those that stent holds already ends only when stent reaps it, which it cannot while it
/// sleeps. While this lives, a timer of the calling thread takes it out of such a sleep.
class PatientSeize {
 public:
  PatientSeize();
  PatientSeize(const PatientSeize&) = delete;
  PatientSeize& operator=(const PatientSeize&) = delete;
  ~PatientSeize();

  /// ptrace(PTRACE_SEIZE) with `options`: 0, or errno; EAGAIN when it was made to wait and nothing has
  /// happened.
  [[nodiscard]] int seize(Tid tid, long options);

 private:
  timer_t timer_{};
  struct sigaction before_ {};
};

}  // namespace stent::stop
