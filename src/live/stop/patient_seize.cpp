#include "live/stop/patient_seize.hpp"

#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>

#include "base/error.hpp"

namespace stent::stop {
namespace {

constexpr long tick = 20'000'000;  // nanoseconds

thread_local sigjmp_buf* volatile escape = nullptr;

void on_tick(int) {
  if (sigjmp_buf* const to = escape; to != nullptr) {
    escape = nullptr;
    siglongjmp(*to, 1);
  }
}

int tick_signal() { return SIGRTMAX - 3; }

/// Nothing in here has a destructor that the jump would leave out. The kernel restarts the call by itself
/// after a handler (-ERESTARTNOINTR), so only a jump ends it.
int seize_or_escape(pid_t tid, long options) {
  sigjmp_buf here;
  if (sigsetjmp(here, 1) != 0) return EAGAIN;
  escape = &here;
  const bool done = ::ptrace(PTRACE_SEIZE, tid, nullptr, options) == 0;
  const int error = done ? 0 : errno;
  escape = nullptr;
  return error;
}

}  // namespace

PatientSeize::PatientSeize() {
  struct sigaction action {};
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  ::sigaction(tick_signal(), &action, &before_);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = tick_signal();
  event._sigev_un._tid = ::gettid();
  const itimerspec every{{0, tick}, {0, tick}};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0 &&
      ::timer_settime(timer_, 0, &every, nullptr) == 0)
    return;
  const int error = errno;
  ::sigaction(tick_signal(), &before_, nullptr);
  throw system_error(error, "making a timer");
}

PatientSeize::~PatientSeize() {
  ::timer_delete(timer_);
  ::sigaction(tick_signal(), &before_, nullptr);
}

int PatientSeize::seize(Tid tid, long options) { return seize_or_escape(tid.value, options); }

}  // namespace stent::stop
