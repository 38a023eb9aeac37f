#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <random>

#include "live/inject/remote_caller.hpp"
#include "live/inject/remote_mapping.hpp"
#include "live/process/proc_file.hpp"
#include "live/process/process.hpp"
#include "live/stop/thread_group_stop.hpp"
#include "target_process.hpp"

namespace stent::inject {
namespace {

using process::Process;
using test::eventually;
using test::TargetProcess;
using namespace std::chrono_literals;

class GuardedTarget : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(GuardedTarget, KeepsRegistersVectorsAndRedZone) {
  const auto [mode, compiler] = GetParam();
  TargetProcess target("guards_registers", {mode}, compiler);
  const Process process = Process::open(target.pid());
  for (int i = 0; i < 50; ++i) {
    stop::Session session(process);
    RemoteAddress at;
    {
      RemoteCaller caller(session);
      EXPECT_EQ(caller.syscall(SYS_getpid, {}), target.pid().value);
      at = remote_mmap_anywhere(caller, 8192, PROT_READ | PROT_WRITE);
      caller.memory().write(at, std::as_bytes(std::span("stent", 5)));
      remote_mprotect(caller, {at, 4096}, PROT_READ | PROT_EXEC);
    }
    EXPECT_EQ(to_hex(process.memory().read(at, 5)), "7374656e74");
    session.serve(1ms);
    RemoteCaller caller(session);
    remote_munmap(caller, {at, 8192});
  }
  const long rounds = target.number("rounds");
  EXPECT_TRUE(eventually([&] { return target.number("rounds") > rounds; }));
  EXPECT_EQ(target.number("damage"), 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, GuardedTarget,
                         testing::Combine(testing::Values("sleep", "spin"), testing::Values("gcc", "clang")));

TEST(LateThread, IsBorrowedOnceItStops) {
  TargetProcess target("waits_for_vfork");
  const Process process = Process::open(target.pid());
  stop::Session session(process);
  const auto any = [](const auto&) { return true; };
  EXPECT_FALSE(session.borrow_once(any, any, 8)) << "nothing stops it in there";
  target.tell();
  RemoteCaller caller(session, 30s);
  EXPECT_EQ(caller.syscall(SYS_getpid, {}), target.pid().value);
}

class EveryCall : public testing::TestWithParam<const char*> {};

TEST_P(EveryCall, GoesOnAfterItsThreadWasBorrowed) {
  TargetProcess target("blocked_threads", {GetParam(), "2"});
  const Process process = Process::open(target.pid());
  const auto before = process.mappings();
  for (int i = 0; i < 50; ++i) {
    stop::Session session(process);
    RemoteCaller caller(session);
    const RemoteAddress at = remote_mmap_anywhere(caller, 8192, PROT_READ);
    EXPECT_FALSE(remote_mmap(caller, {at, 4096}, PROT_READ));
    remote_munmap(caller, {at, 8192});
    EXPECT_TRUE(remote_mmap(caller, {at, 4096}, PROT_READ));
    const int fd = remote_memfd(caller, "stent-test");
    EXPECT_TRUE(remote_mmap_file(caller, {at + 4096, 4096}, PROT_READ, MAP_SHARED, fd, {}));
    remote_close(caller, fd);
    const auto now = process.mappings();
    const auto* mapping = process::find_mapping(now, at + 4096);
    ASSERT_NE(mapping, nullptr);
    EXPECT_EQ(mapping->name, "/memfd:stent-test");
    remote_munmap(caller, {at, 8192});
  }
  EXPECT_EQ(process.mappings(), before);
  EXPECT_THAT(target.ask(), testing::StartsWith("eintr 0 errors 0 "));
}

INSTANTIATE_TEST_SUITE_P(Calls, EveryCall,
                         testing::Values("epoll", "nanosleep", "short_nanosleep", "futex", "read",
                                         "recv_timeout", "poll", "semop", "sigtimedwait", "spin"),
                         [](const auto& chosen) { return std::string(chosen.param); });

TEST(RemoteCaller, ASignalMeanwhileIsDeliveredAfterwards) {
  TargetProcess target("counts_signals");
  const Process process = Process::open(target.pid());
  int sent = 0;
  for (int i = 0; i < 100; ++i) {
    stop::Session session(process);
    RemoteCaller caller(session);
    for (int burst = 0; burst < 3; ++burst) {
      sigval value{};
      value.sival_int = sent;
      if (::sigqueue(target.pid().value, SIGRTMIN + 1, value) == 0) ++sent;
      EXPECT_EQ(caller.syscall(SYS_getpid, {}), target.pid().value);
    }
  }
  EXPECT_TRUE(eventually([&] { return target.number("count") == sent; })) << target.ask() << " of " << sent;
  EXPECT_EQ(target.number("disorder"), 0);
  EXPECT_EQ(target.number("eintr"), 0);
}

TEST(RemoteCaller, WorksInAProcessHeldBySigstop) {
  TargetProcess target("blocked_threads", {"epoll", "2"});
  const Process process = Process::open(target.pid());
  target.signal(SIGSTOP);
  const auto stopped = [&] {
    for (const auto& thread : process.threads())
      if (thread.state != 'T') return false;
    return true;
  };
  ASSERT_TRUE(eventually(stopped));
  {
    stop::Session session(process);
    RemoteCaller caller(session);
    EXPECT_EQ(caller.syscall(SYS_getpid, {}), target.pid().value);
  }
  EXPECT_TRUE(eventually(stopped));
  target.signal(SIGCONT);
  EXPECT_THAT(target.ask(), testing::HasSubstr("errors 0"));
}

/// Borrows the thread `wanted`, whatever it does, and makes calls with it.
RemoteCaller borrow(stop::Session& session, Tid wanted) {
  auto thread = session.borrow([&](const stop::StoppedThread& t) { return t.tid == wanted; }, 30s);
  if (!thread) throw Error(ErrorCode::busy, "the thread was not to be had");
  return RemoteCaller(find_borrowed_code(session.target(), session.target().mappings()), std::move(*thread));
}

/// A second stent: borrows, in turn whom it likes and `worker`, and calls without end, until it is killed.
[[noreturn]] void call_for_ever(Pid pid, Tid worker) {
  try {
    const Process process = Process::open(pid);
    for (bool whom = false;; whom = !whom) {
      stop::Session session(process);
      RemoteCaller caller = whom ? borrow(session, worker) : RemoteCaller(session);
      for (int i = 0; i < 5; ++i) (void)caller.syscall(SYS_getpid, {});
      remote_munmap(caller, {remote_mmap_anywhere(caller, 4096, PROT_READ), 4096});
      remote_close(caller, remote_memfd(caller, std::string(200, 'x')));
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(1);
}

/// "SigBlk" lines of all threads.
std::string masks(Pid pid) {
  std::string all;
  for (const Tid tid : process::list_threads(pid)) {
    const auto status = process::read_proc_file(process::proc_path({tid.value}, "/status")).value_or("");
    all += status.substr(status.find("SigBlk:"), 24) + " ";
  }
  return all;
}

class KilledStent : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(KilledStent, LeavesTheTargetAsItWas) {
  const auto [name, mode, healthy] = GetParam();
  const std::string program = name;
  TargetProcess target(program, program == "blocked_threads" ? std::vector<std::string>{mode, "2"}
                                                             : std::vector<std::string>{mode});
  // A thread is born with every signal blocked, and unblocks them before it runs the program's code.
  ASSERT_TRUE(eventually([&] { return masks(target.pid()).find("fffffff") == std::string::npos; }));
  const std::string before = masks(target.pid());
  const Tid worker = Process::open(target.pid()).threads().back().tid;
  std::minstd_rand random(4711);
  for (int i = 0; i < 200; ++i) {
    const pid_t stent = ::fork();
    if (stent == 0) call_for_ever(target.pid(), worker);
    ::usleep(1000 + static_cast<useconds_t>(random() % 4000));
    ::kill(stent, SIGKILL);
    int status = 0;
    ::waitpid(stent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "stent gave up by itself";
  }
  EXPECT_TRUE(eventually([&] { return masks(target.pid()) == before; })) << masks(target.pid()) << "\n"
                                                                         << before;
  EXPECT_THAT(target.ask(), testing::ContainsRegex(healthy));
  const long rounds = target.number("rounds");
  if (std::string(mode) == "spin") {
    EXPECT_TRUE(eventually([&] { return target.number("rounds") > rounds; }));
  }
}

// epoll_wait and its like return EINTR when stent is killed after it interrupted them and before it could
// hide that, some microseconds later: the one thing a killed stent may leave behind.
INSTANTIATE_TEST_SUITE_P(Modes, KilledStent,
                         testing::Values(std::tuple{"guards_registers", "spin", "damage 0 "},
                                         std::tuple{"blocked_threads", "epoll", "eintr [0-9]+ errors 0 "},
                                         std::tuple{"blocked_threads", "futex", "eintr 0 errors 0 "},
                                         std::tuple{"blocked_threads", "read", "eintr 0 errors 0 "},
                                         std::tuple{"blocked_threads", "nanosleep", "eintr 0 errors 0 "},
                                         std::tuple{"blocked_threads", "poll", "eintr 0 errors 0 "},
                                         std::tuple{"guards_state", "sleep", "damage 0 "},
                                         std::tuple{"guards_state", "spin", "damage 0 "},
                                         std::tuple{"blocked_threads", "recv_timeout",
                                                    "eintr [0-9]+ errors 0 "}));

class StentDying : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(StentDying, LeavesNoEintr) {
  const auto [call, moment] = GetParam();
  TargetProcess target("blocked_threads", {call, "1"});
  const Tid worker = Process::open(target.pid()).threads().back().tid;
  const auto sleeps = [&] { return test::state_of(target.pid(), worker) == 'S'; };
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(eventually(sleeps));
    const pid_t stent = ::fork();
    if (stent == 0) try {
        const Process process = Process::open(target.pid());
        stop::Session session(process);
        if (std::string(moment) == "in_the_window") {
          stop::ThreadGroupStop stop(session, 30s);
          if (!stop.stop_blocked() && !stop.stop_running()) ::raise(SIGKILL);
        }
        RemoteCaller caller = borrow(session, worker);
        if (std::string(moment) == "while_it_borrows") ::raise(SIGKILL);
        // The target's own thread ends stent in the middle of the call that it makes for it.
        (void)caller.syscall(SYS_kill, {static_cast<std::uint64_t>(::getpid()), SIGKILL, 0, 0, 0, 0});
        ::_exit(1);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(2);
      }
    int status = 0;
    ::waitpid(stent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "stent gave up by itself";
  }
  EXPECT_TRUE(eventually(sleeps));
  EXPECT_EQ(target.ask(), "eintr 0 errors 0 rounds 0");
}

INSTANTIATE_TEST_SUITE_P(Moments, StentDying,
                         testing::Combine(testing::Values("epoll", "recv_timeout", "nanosleep", "poll",
                                                          "futex", "semop", "sigtimedwait", "read"),
                                          testing::Values("while_it_borrows", "in_a_call", "in_the_window")),
                         [](const auto& chosen) {
                           return std::string(std::get<0>(chosen.param)) + "_" + std::get<1>(chosen.param);
                         });

/// A guarded thread, borrowed by a stent that dies in the middle of the call the thread makes for it.
class DyingOverAGuard : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(DyingOverAGuard, LeavesRegistersVectorsAndRedZone) {
  const auto [program, mode] = GetParam();
  TargetProcess target(program, {mode});
  const Tid worker = Process::open(target.pid()).threads().back().tid;
  for (int i = 0; i < 50; ++i) {
    const pid_t stent = ::fork();
    if (stent == 0) try {
        const Process process = Process::open(target.pid());
        stop::Session session(process);
        RemoteCaller caller = borrow(session, worker);
        (void)caller.syscall(SYS_kill, {static_cast<std::uint64_t>(::getpid()), SIGKILL, 0, 0, 0, 0});
        ::_exit(1);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(2);
      }
    int status = 0;
    ::waitpid(stent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "stent gave up by itself";
    const long rounds = target.number("rounds");
    ASSERT_TRUE(eventually([&] { return target.number("rounds") > rounds; }));
    ASSERT_EQ(target.number("damage"), 0) << "round " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Guards, DyingOverAGuard,
                         testing::Combine(testing::Values("guards_registers", "guards_state"),
                                          testing::Values("spin", "sleep")),
                         [](const auto& chosen) {
                           return std::string(std::get<0>(chosen.param)) + "_" + std::get<1>(chosen.param);
                         });

TEST(RemoteCaller, ReportsATargetKilledWhileBorrowed) {
  TargetProcess target("blocked_threads", {"futex", "2"});
  const Process process = Process::open(target.pid());
  stop::Session session(process);
  RemoteCaller caller(session);
  target.signal(SIGKILL);
  try {
    for (int i = 0; i < 1000; ++i) (void)caller.syscall(SYS_getpid, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::gone) << error.message();
  }
}

}  // namespace
}  // namespace stent::inject
