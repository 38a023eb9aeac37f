// Guards over stent's own thread while it stops others.
#pragma once

#include <sched.h>

#include <csignal>
#include <span>

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

/// Keeps off the processors `busy`, for as long as it lives, when others are left; no failure where not.
class OtherProcessors {
 public:
  explicit OtherProcessors(std::span<const int> busy);
  OtherProcessors(const OtherProcessors&) = delete;
  OtherProcessors& operator=(const OtherProcessors&) = delete;
  ~OtherProcessors();

  /// True when nothing of `busy` shares a processor with the calling thread.
  [[nodiscard]] bool are_left() const { return are_left_; }

 private:
  cpu_set_t before_{};
  bool are_left_ = false;
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
