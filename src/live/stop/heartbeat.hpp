// Heartbeat: what ends every sleep of the calling thread after a millisecond.
#pragma once

#include <csignal>
#include <ctime>

namespace stent::stop {

/// A signal comes each millisecond for as long as it lives, so that a wait for one tracee (which no deadline
/// can be given) comes back with EINTR. Where the kernel gives no timer: no beat, and `beats()` is false.
class Heartbeat {
 public:
  Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  ~Heartbeat();

  [[nodiscard]] bool beats() const { return beats_; }

 private:
  timer_t timer_{};
  sigset_t before_{};
  bool made_ = false;
  bool beats_ = false;
};

}  // namespace stent::stop
