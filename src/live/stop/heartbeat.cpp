#include "live/stop/heartbeat.hpp"

#include <unistd.h>

namespace stent::stop {
namespace {

constexpr long beat = 1'000'000;  // nanoseconds

int beat_signal() { return SIGRTMAX - 4; }

void on_beat(int) {}

/// Once for all: another thread of stent may have a heart of its own.
bool listen_once() {
  struct sigaction action {};
  action.sa_handler = on_beat;  // without SA_RESTART
  return ::sigaction(beat_signal(), &action, nullptr) == 0;
}

}  // namespace

Heartbeat::Heartbeat() {
  static const bool listens = listen_once();
  sigset_t beat_alone;
  sigemptyset(&beat_alone);
  sigaddset(&beat_alone, beat_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &beat_alone, &before_);
  if (!listens) return;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = beat_signal();
  event._sigev_un._tid = ::gettid();
  made_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  const itimerspec every{{0, beat}, {0, beat}};
  beats_ = made_ && ::timer_settime(timer_, 0, &every, nullptr) == 0;
}

Heartbeat::~Heartbeat() {
  if (made_) ::timer_delete(timer_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace stent::stop
