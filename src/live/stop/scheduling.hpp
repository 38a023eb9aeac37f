// Guards over stent's own thread while it stops others.
#pragma once

#include <sched.h>

#include <csignal>

namespace stent::stop {

/// Real-time priority for as long as it lives, where the kernel allows it; no failure where not.
class UrgentScheduling {
 public:
  UrgentScheduling();
  UrgentScheduling(const UrgentScheduling&) = delete;
  UrgentScheduling& operator=(const UrgentScheduling&) = delete;
  ~UrgentScheduling();

 private:
  int policy_ = 0;
  sched_param parameters_{};
  bool changed_ = false;
};

/// Keeps SIGCHLD pending, so that a tracee's report can be waited for with a deadline.
class ChildReports {
 public:
  ChildReports();
  ChildReports(const ChildReports&) = delete;
  ChildReports& operator=(const ChildReports&) = delete;
  ~ChildReports();

 private:
  sigset_t before_{};
};

}  // namespace stent::stop
