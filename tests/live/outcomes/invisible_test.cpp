// What a target must not notice of being stopped.
#include <gmock/gmock.h>
#include <sys/syscall.h>

#include <chrono>
#include <thread>

#include "live/process/process.hpp"
#include "live/stop/session.hpp"
#include "live/stop/thread_group_stop.hpp"
#include "target_process.hpp"

namespace stent::stop {
namespace {

using process::Process;
using test::eventually;
using test::TargetProcess;
using namespace std::chrono_literals;

/// Stops every thread `times` times, in two sessions; `meanwhile` is called in each stop.
void stop_often(
    Pid pid, int times, const std::function<void()>& meanwhile = [] {}) {
  const Process process = Process::open(pid);
  for (const int part : {times / 2, times - times / 2}) {
    Session session(process);
    for (int i = 0; i < part; ++i) {
      ThreadGroupStop stop(session, 5s);
      ASSERT_FALSE(stop.stop_blocked());
      ASSERT_FALSE(stop.stop_running());
      meanwhile();
      stop.resume();
      session.serve(1ms);
    }
  }
}

struct Call {
  const char* name;
  const char* outcome;
  bool ends_by_itself = true;
};

class BlockingCall : public testing::TestWithParam<Call> {};

TEST_P(BlockingCall, EndsAsIfNothingHadHappened) {
  const Call& call = GetParam();
  TargetProcess target("waits_once", {call.name, "300"});
  ASSERT_TRUE(eventually([&] {
    const auto threads = Process::open(target.pid()).threads();
    return threads.size() >= 2 && threads.back().state == 'S';
  }));
  stop_often(target.pid(), 20);
  if (!call.ends_by_itself) {
    std::this_thread::sleep_for(300ms);  // so that the target can tell an early end
    target.tell("go");
  }
  EXPECT_EQ(target.line(), std::string("returned ") + call.outcome + " in time");
  target.end();
}

INSTANTIATE_TEST_SUITE_P(Calls, BlockingCall,
                         testing::Values(Call{"epoll_wait", "0 0"}, Call{"epoll_pwait2", "0 0"},
                                         Call{"semtimedop", "-1 EAGAIN"}, Call{"sigtimedwait", "-1 EAGAIN"},
                                         Call{"nanosleep", "0 0"}, Call{"clock_nanosleep_relative", "0 0"},
                                         Call{"clock_nanosleep_absolute", "0 0"},
                                         Call{"futex", "-1 ETIMEDOUT"}, Call{"poll", "0 0"},
                                         Call{"ppoll", "0 0"}, Call{"select", "0 0"}, Call{"pselect", "0 0"},
                                         Call{"recv_timeout", "-1 EAGAIN"}, Call{"epoll_event", "1 0", false},
                                         Call{"semop", "0 0", false}, Call{"accept", "0 0", false},
                                         Call{"read_pipe", "1 0", false}, Call{"read_socket", "1 0", false},
                                         Call{"msgrcv", "1 0", false}, Call{"io_uring_enter", "0 0", false},
                                         Call{"pause", "-1 EINTR", false}, Call{"wait4", "0 0", false}),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

TEST(Invisible, AWaitThatIsInterruptedAgainAndAgainEnds) {
  TargetProcess target("waits_once", {"epoll_wait", "2000"});
  const auto waits = [&] { return Process::open(target.pid()).threads().size() >= 2; };
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (waits() && std::chrono::steady_clock::now() < deadline) {
    stop_often(target.pid(), 1);  // each by a stent of its own, which knows of none before
    std::this_thread::sleep_for(100ms);
  }
  ASSERT_FALSE(waits());
  EXPECT_EQ(target.line(), "returned 0 0 in time");
  target.end();
}

TEST(Invisible, SignalsOfAStopAreDeliveredAfterItOnceAndInOrder) {
  TargetProcess target("records_signals");
  const auto entry = [](int number, int code, int with) {
    return std::to_string(number) + ":" + std::to_string(code) + ":" + std::to_string(with) + " ";
  };
  for (int i = 0; i < 20; ++i) {
    int value = i * 3;
    stop_often(target.pid(), 1, [&] {
      const auto queue = [&](int number) {
        sigval with{};
        with.sival_int = ++value;
        ASSERT_EQ(::sigqueue(target.pid().value, number, with), 0);
      };
      queue(SIGRTMIN + 2);
      queue(SIGRTMIN + 1);
      queue(SIGRTMIN + 1);
      for (int sent = 0; sent < 3; ++sent) target.signal(SIGUSR1);  // a standard signal is pending once
      ::syscall(SYS_tgkill, target.pid().value, target.pid().value, SIGUSR2);
    });
    std::string log;
    EXPECT_TRUE(eventually([&] {
      log += target.ask("log");
      return std::count(log.begin(), log.end(), ' ') >= 5;
    }));
    // Those of the thread first, then those of the process, the lowest number first, each kind as it was
    // sent.
    EXPECT_EQ(log, entry(SIGUSR2, SI_TKILL, 0) + entry(SIGUSR1, SI_USER, 0) +
                       entry(SIGRTMIN + 1, SI_QUEUE, value - 1) + entry(SIGRTMIN + 1, SI_QUEUE, value) +
                       entry(SIGRTMIN + 2, SI_QUEUE, value - 2));
  }
}

TEST(Invisible, TimersComeOnce) {
  TargetProcess target("records_signals", {"400"});
  stop_often(target.pid(), 60);
  EXPECT_TRUE(eventually([&] { return target.ask("timers").starts_with("once 400 "); }))
      << target.ask("timers");
  const auto intervals = [&] {
    const std::string answer = target.ask("timers");
    return std::stol(answer.substr(answer.rfind(' ')));
  };
  const long before = intervals();
  EXPECT_TRUE(eventually([&] { return intervals() > before; }));
}

TEST(Invisible, AlarmGoesOn) {
  TargetProcess target("records_signals");
  stop_often(target.pid(), 20);
  const std::string answer = target.ask("alarm");
  ASSERT_TRUE(answer.starts_with("left ")) << answer;
  EXPECT_GT(std::stoi(answer.substr(5)), 500);
}

class WholeState : public testing::TestWithParam<const char*> {};

TEST_P(WholeState, OfVectorsModesAndAlternateStackStays) {
  TargetProcess target("guards_state", {GetParam()});
  stop_often(target.pid(), 100);
  const long rounds = target.number("rounds");
  EXPECT_TRUE(eventually([&] { return target.number("rounds") > rounds + 2; }));
  EXPECT_EQ(target.number("damage"), 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, WholeState, testing::Values("spin", "sleep"),
                         [](const auto& chosen) { return std::string(chosen.param); });

/// `work` in a process of its own, as stent is to the target's parent.
template <class Work>
pid_t in_another_process(const Work& work) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  ::_exit(testing::Test::HasFailure() ? 1 : 0);
}

TEST(Invisible, TheParentHasNothingToWaitFor) {
  TargetProcess target("records_signals");
  const pid_t stent = in_another_process([&] { stop_often(target.pid(), 50); });
  int status = -1;
  while (::waitpid(stent, &status, WNOHANG) == 0) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(target.pid().value);
    ASSERT_EQ(::waitid(P_PID, id, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT), 0);
    ASSERT_EQ(info.si_pid, 0) << "status " << info.si_code << " " << info.si_status;
    std::this_thread::sleep_for(100us);
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace stent::stop
