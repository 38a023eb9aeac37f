#include "live/stop/heartbeat.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace stent::stop {
namespace {

/// A child that lives until it is killed.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ != 0) return;
    for (;;) ::pause();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  /// What waiting for its end comes back with.
  [[nodiscard]] int wait() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) == 0 ? 0 : errno;
  }

 private:
  pid_t pid_;
};

TEST(Heartbeat, EndsAWaitForAChildAgainAndAgain) {
  const Child child;
  {
    const Heartbeat first;
    ASSERT_TRUE(first.beats());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(child.wait(), EINTR);
  }
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);  // as whoever started stent may have done
  {
    const Heartbeat second, third;  // several at once
    for (int i = 0; i < 3; ++i) EXPECT_EQ(child.wait(), EINTR);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace stent::stop
