#include "live/stop/scheduling.hpp"

namespace stent::stop {

UrgentScheduling::UrgentScheduling() {
  policy_ = ::sched_getscheduler(0);
  if (policy_ < 0 || ::sched_getparam(0, &parameters_) != 0) return;
  sched_param urgent{};
  urgent.sched_priority = 1;
  changed_ = ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &urgent) == 0;
}

UrgentScheduling::~UrgentScheduling() {
  if (changed_) ::sched_setscheduler(0, policy_, &parameters_);
}

ChildReports::ChildReports() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, &before_);
}

ChildReports::~ChildReports() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace stent::stop
