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

OtherProcessors::OtherProcessors(std::span<const int> busy) {
  if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  cpu_set_t others = before_;
  for (const int processor : busy)
    if (processor >= 0 && processor < CPU_SETSIZE) CPU_CLR(static_cast<unsigned>(processor), &others);
  are_left_ = CPU_COUNT(&others) != 0 && ::sched_setaffinity(0, sizeof others, &others) == 0;
}

OtherProcessors::~OtherProcessors() {
  if (are_left_) ::sched_setaffinity(0, sizeof before_, &before_);
}

ChildReports::ChildReports() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child, &before_);
}

ChildReports::~ChildReports() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace stent::stop
