#include <gmock/gmock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "live/process/process.hpp"
#include "live/stop/session.hpp"
#include "live/stop/thread_group_stop.hpp"
#include "target_process.hpp"

namespace stent::stop {
namespace {

using process::Process;
using test::eventually;
using test::state_of;
using test::TargetProcess;
using namespace std::chrono_literals;

void stop_and_resume(Session& session, std::size_t at_least) {
  ThreadGroupStop stop(session, 5s);
  const auto blocked_failed = stop.stop_blocked();
  ASSERT_FALSE(blocked_failed) << blocked_failed->comm << " " << blocked_failed->reason;
  const auto running_failed = stop.stop_running();
  ASSERT_FALSE(running_failed) << running_failed->comm << " " << running_failed->reason;
  EXPECT_GE(stop.blocked().size() + stop.running().size(), at_least);
  for (const auto threads : {stop.blocked(), stop.running()})
    for (const StoppedThread& thread : threads) {
      EXPECT_NE(thread.registers.sp().value, 0u);
      EXPECT_EQ(state_of(session.target().pid(), thread.tid), 't');
    }
  EXPECT_GT(stop.resume().count(), 0);
}

bool all_block(Pid pid) {
  const auto threads = Process::open(pid).threads();
  return std::all_of(threads.begin(), threads.end(), [](const auto& thread) { return thread.state == 'S'; });
}

struct Case {
  const char* call;
  int threads;
};

class BlockedThreads : public testing::TestWithParam<Case> {};

TEST_P(BlockedThreads, SeeNoEintr) {
  const auto [call, threads] = GetParam();
  for (const char* compiler : {"gcc", "clang"}) {
    TargetProcess target("blocked_threads", {call, std::to_string(threads)}, compiler);
    const std::string kind = call;
    const bool sleeps = kind != "spin" && kind != "short_nanosleep";
    if (sleeps) {
      ASSERT_TRUE(eventually([&] { return all_block(target.pid()); }));
    }
    const Process process = Process::open(target.pid());
    for (int attach = 0; attach < 3; ++attach) {
      Session session(process);
      EXPECT_EQ(session.thread_count(), static_cast<std::size_t>(threads) + 1);
      for (int i = 0; i < 10; ++i) stop_and_resume(session, static_cast<std::size_t>(threads) + 1);
    }
    if (sleeps) {
      EXPECT_TRUE(eventually([&] { return all_block(target.pid()); }));
    }
    const std::string answer = target.ask();
    EXPECT_THAT(answer, testing::StartsWith("eintr 0 errors 0 ")) << call;
    if (sleeps) {
      EXPECT_THAT(answer, testing::EndsWith("rounds 0"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, BlockedThreads,
                         testing::Values(Case{"epoll", 1}, Case{"epoll", 16}, Case{"epoll", 128},
                                         Case{"nanosleep", 16}, Case{"short_nanosleep", 16},
                                         Case{"futex", 16}, Case{"futex", 128}, Case{"read", 16},
                                         Case{"recv_timeout", 16}, Case{"read_timeout", 16}, Case{"poll", 16},
                                         Case{"semop", 16}, Case{"sigtimedwait", 16}, Case{"spin", 1},
                                         Case{"spin", 16}),
                         [](const auto& chosen) {
                           return std::string(chosen.param.call) + "_" + std::to_string(chosen.param.threads);
                         });

TEST(Stop, LosesNoSignalAndKeepsTheirOrder) {
  TargetProcess target("counts_signals");
  const Process process = Process::open(target.pid());
  const Tid waiting = process.threads().back().tid;
  int sent = 0;
  for (int attach = 0; attach < 20; ++attach) {
    Session session(process);
    for (int i = 0; i < 10; ++i) {
      for (int burst = 0; burst < 5; ++burst) {
        sigval value{};
        value.sival_int = sent;
        if (::sigqueue(target.pid().value, SIGRTMIN + 1, value) == 0) ++sent;
      }
      // Ignored by default: untraced, they would not even wake the thread that waits.
      for (const int ignored : {SIGCHLD, SIGWINCH, SIGURG})
        ::syscall(SYS_tgkill, target.pid().value, waiting.value, ignored);
      if (i % 2 == 0) session.serve(200us);
      stop_and_resume(session, 2);
    }
  }
  EXPECT_TRUE(eventually([&] { return target.number("count") == sent; })) << target.ask() << " of " << sent;
  EXPECT_EQ(target.number("disorder"), 0);
  EXPECT_EQ(target.number("eintr"), 0);
}

TEST(Stop, LeavesAStoppedProcessStopped) {
  TargetProcess target("blocked_threads", {"read", "4"});
  const Process process = Process::open(target.pid());
  const auto all_in = [&](char state) {
    return eventually([&] {
      const auto threads = process.threads();
      return std::all_of(threads.begin(), threads.end(), [&](const auto& t) { return t.state == state; });
    });
  };
  target.signal(SIGSTOP);
  ASSERT_TRUE(all_in('T'));
  {
    Session session(process);
    stop_and_resume(session, 5);
    stop_and_resume(session, 5);
  }
  EXPECT_TRUE(all_in('T'));
  {
    Session session(process);
    stop_and_resume(session, 5);
    target.signal(SIGCONT);  // heard while attached
    session.serve(50ms);
    stop_and_resume(session, 5);
  }
  EXPECT_TRUE(all_in('S'));
  EXPECT_THAT(target.ask(), testing::StartsWith("eintr 0"));
}

TEST(Stop, HoldsEveryThreadWhileThreadsAreBornAndEnd) {
  TargetProcess target("thread_churn");
  const Process process = Process::open(target.pid());
  for (int attach = 0; attach < 10; ++attach) {
    Session session(process);
    for (int i = 0; i < 10; ++i) {
      ThreadGroupStop stop(session, 5s);
      ASSERT_FALSE(stop.stop_blocked());
      ASSERT_FALSE(stop.stop_running());
      for (const auto& thread : process.threads()) EXPECT_EQ(thread.state, 't') << thread.tid.value;
      stop.resume();
      session.serve(1ms);
    }
  }
  const long before = target.number("born");
  EXPECT_TRUE(eventually([&] { return target.number("born") > before; }));
}

TEST(Stop, ReportsATargetThatDiesUnderItsHands) {
  TargetProcess target("blocked_threads", {"futex", "8"});
  const Process process = Process::open(target.pid());
  Session session(process);
  target.signal(SIGKILL);
  try {
    for (int i = 0; i < 1000; ++i) {
      ThreadGroupStop stop(session, 1s);
      if (stop.stop_blocked() || stop.stop_running()) continue;
    }
    FAIL() << "a dead process was stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::gone) << error.message();
  }
}

TEST(Stop, KilledWhileStoppedIsGoneAtTheNextStop) {
  TargetProcess target("blocked_threads", {"futex", "8"});
  const Process process = Process::open(target.pid());
  Session session(process);
  {
    ThreadGroupStop stop(session, 1s);
    ASSERT_FALSE(stop.stop_blocked());
    ASSERT_FALSE(stop.stop_running());
    target.signal(SIGKILL);
  }
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) session.serve(1ms);
      },
      Error);
}

TEST(Stop, GivesUpForAVforkChildAndNamesIt) {
  TargetProcess target("waits_for_vfork");
  const Process process = Process::open(target.pid());
  ASSERT_TRUE(eventually([&] { return state_of(target.pid(), {target.pid().value}) == 'D'; }));
  {
    Session session(process);
    ThreadGroupStop stop(session, 20ms);
    const auto failed = stop.stop_blocked();
    ASSERT_TRUE(failed);
    EXPECT_NE(failed->tid.value, target.pid().value);
    EXPECT_EQ(failed->comm, process.name());
    EXPECT_THAT(failed->reason, testing::HasSubstr("vfork"));
    for (const auto& thread : process.threads()) EXPECT_NE(thread.state, 't');
    target.tell();  // the child ends
    // The stop that lets it go, asked for above, comes only now.
    EXPECT_TRUE(eventually([&] {
      session.serve(1ms);
      return state_of(target.pid(), {target.pid().value}) == 'S';
    }));
    EXPECT_EQ(target.line(), "child ended");
    stop_and_resume(session, 1);
  }
  EXPECT_EQ(target.ask(), "alive");
}

TEST(Stop, SaysGoneWhenTheTargetReplacesItself) {
  TargetProcess target("executes_itself");
  const Process process = Process::open(target.pid());
  Session session(process);
  target.tell();
  try {
    for (int i = 0; i < 5000; ++i) session.serve(1ms);
    FAIL() << "no exec was seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::gone);
    EXPECT_THAT(error.message(), testing::HasSubstr("exec"));
  }
  session.detach();
  EXPECT_EQ(target.line(), "ready");  // the new program runs on
  EXPECT_THROW((void)process.memory().read(RemoteAddress{4096}, 1), Error);
}

TEST(Stop, IsBoundedWhileTheTargetExecutesItselfAgainAndAgain) {
  TargetProcess target("executes_itself", {"storm"});
  int stops = 0;
  int refusals = 0;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (stops + refusals < 200 && std::chrono::steady_clock::now() < deadline) {
    try {
      const Process process = Process::open(target.pid());
      Session session(process);
      ThreadGroupStop stop(session, 5s);
      if (stop.stop_blocked() || stop.stop_running())
        ++refusals;
      else
        ++stops;
    } catch (const Error& error) {
      EXPECT_THAT(error.code(), testing::AnyOf(ErrorCode::gone, ErrorCode::busy)) << error.what();
      ++refusals;
    }
  }
  EXPECT_EQ(stops + refusals, 200) << "stent hung in an exec";
  EXPECT_NE(state_of(target.pid(), {target.pid().value}), '?');
}

/// Processes that keep every processor busy.
class Hogs {
 public:
  Hogs() {
    for (long i = 0; i < ::sysconf(_SC_NPROCESSORS_ONLN); ++i)
      if (const pid_t hog = ::fork(); hog != 0)
        hogs_.push_back(hog);
      else
        for (::prctl(PR_SET_PDEATHSIG, SIGKILL);;) continue;
  }
  Hogs(const Hogs&) = delete;
  Hogs& operator=(const Hogs&) = delete;
  ~Hogs() {
    for (const pid_t hog : hogs_) {
      ::kill(hog, SIGKILL);
      ::waitpid(hog, nullptr, 0);
    }
  }

 private:
  std::vector<pid_t> hogs_;
};

// Starved, so that a process comes to the first stop of its life, traced, long after its birth.
TEST(Stop, ProcessesBornMeanwhileGoOnThoughStentLives) {
  TargetProcess target("calls_while_busy", {"0"});
  const auto count_of_forks = [&] {
    const std::string counts = target.ask("counts");
    return std::stol(counts.substr(counts.find("forks ") + 6));
  };
  const Process process = Process::open(target.pid());
  {
    const Hogs hogs;
    const sched_param none{};
    for (const auto& thread : process.threads())
      ASSERT_EQ(::sched_setscheduler(thread.tid.value, SCHED_IDLE, &none), 0);
    for (int i = 0; i < 40; ++i) {
      Session session(process);
      ThreadGroupStop stop(session, 5s);
      if (!stop.stop_blocked()) (void)stop.stop_running();
      stop.resume();
      session.serve(2ms);
    }
  }
  const long before = count_of_forks();
  EXPECT_TRUE(eventually([&] { return count_of_forks() > before + 10; })) << before << " processes";
}

TEST(Stop, AnotherStentIsTold) {
  TargetProcess target("blocked_threads", {"read", "1"});
  const Process process = Process::open(target.pid());
  const Session first(process);
  try {
    const Session second(process);
    FAIL() << "two at once";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::traced);
    EXPECT_THAT(error.message(), testing::HasSubstr("another stent"));
  }
}

// Sent to the process as a whole and ignored: while a process is traced, they wake its threads all the same.
class IgnoredSignals : public testing::TestWithParam<std::string> {};

TEST_P(IgnoredSignals, InBurstsBreakNoCall) {
  TargetProcess target("counts_signals", {GetParam()});
  const Process process = Process::open(target.pid());
  const pid_t sender = ::fork();
  if (sender == 0)
    for (;;)
      for (const int ignored : {SIGCHLD, SIGWINCH, SIGURG, SIGCHLD}) ::kill(target.pid().value, ignored);
  for (int i = 0; i < 300; ++i) {
    Session session(process);
    stop_and_resume(session, 5);
    session.serve(100us);
  }
  ::kill(sender, SIGKILL);
  ::waitpid(sender, nullptr, 0);
  EXPECT_EQ(target.number("eintr"), 0);
}

INSTANTIATE_TEST_SUITE_P(Stop, IgnoredSignals, testing::Values("ignores", "works"),
                         [](const auto& chosen) { return chosen.param; });

// Born of a leader that is seized only in the end, perhaps after others were looked for.
TEST(Stop, HoldsWhoeverRunsInTheTargetsMemoryOrSaysThatItCannot) {
  TargetProcess target("shares_memory");
  const RemoteAddress counter{std::stoull(target.line(), nullptr, 16)};
  const Process process = Process::open(target.pid());
  int stops = 0;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (stops < 300 && std::chrono::steady_clock::now() < deadline) {
    Session session(process);
    ThreadGroupStop stop(session, 5s);
    if (stop.stop_blocked() || stop.stop_running()) continue;
    ++stops;
    const long before = process.memory().read_value<long>(counter);
    ::usleep(300);
    ASSERT_EQ(process.memory().read_value<long>(counter), before) << "stop " << stops;
  }
  EXPECT_GT(stops, 0);
}

TEST(Stop, WritesOnlyWhenComplete) {
  TargetProcess target("blocked_threads", {"futex", "1"});
  const Process process = Process::open(target.pid());
  Session session(process);
  ThreadGroupStop stop(session, 1s);
  EXPECT_THROW((void)stop.memory(), Error);
  ASSERT_FALSE(stop.stop_blocked());
  EXPECT_THROW((void)stop.memory(), Error);
  ASSERT_FALSE(stop.stop_running());
  EXPECT_NO_THROW((void)stop.memory());
}

}  // namespace
}  // namespace stent::stop
