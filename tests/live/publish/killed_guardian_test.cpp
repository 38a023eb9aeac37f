// The documented exception: the process that publishes jumps is killed while breakpoints stand. Nobody calls
// the functions meanwhile; the next command, or stent itself, puts them right.
#include <sys/prctl.h>

#include "no_stop_target.hpp"

namespace stent::transaction {
namespace {

using test::each_returning_43;
using test::without_stop;

const std::string name = "calls_while_busy";
constexpr std::byte breakpoint{0xcc};

/// stent in a process of its own, and the one that it has made to publish.
struct Stents {
  pid_t stent = 0;
  pid_t guardian = 0;

  /// Waits for the guardian's end, when stent has not done so.
  void end_guardian() const {
    if (guardian != 0) ::waitpid(guardian, nullptr, __WALL);
  }
  /// What stent ended with; -1: it was killed.
  int end() const {
    int status = 0;
    ::waitpid(stent, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

pid_t child_of(pid_t parent) {
  const std::string text = std::to_string(parent);
  std::ifstream file("/proc/" + text + "/task/" + text + "/children");
  pid_t child = 0;
  file >> child;
  return child;
}

class KilledGuardian : public testing::Test {
 protected:
  KilledGuardian() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

  [[nodiscard]] std::byte first_byte() const {
    std::byte byte{};
    process_.memory().read(entry_, MutableByteView(&byte, 1));
    return byte;
  }

  /// Starts `action`, and calls `then` when a breakpoint stands. False when it came to its end before that
  /// was seen.
  template <class Action, class Then>
  bool when_breakpoint_stands(const Action& action, Stents& stents, const Then& then) {
    stents.stent = test::start_in_a_process(action);
    siginfo_t ended{};
    for (stents.guardian = 0;;) {
      if (first_byte() == breakpoint) break;
      ended.si_pid = 0;
      ::waitid(P_PID, static_cast<id_t>(stents.stent), &ended, WEXITED | WNOHANG | WNOWAIT);
      if (ended.si_pid != 0) return false;
    }
    stents.guardian = child_of(stents.stent);
    if (stents.guardian == 0) return false;
    then(stents);
    return true;
  }

  /// Repeats `round` until it has come to what it is about, often enough to believe it.
  template <class Round>
  void often(const Round& round) {
    constexpr int wanted = 10, most = 3000;
    int seen = 0;
    for (int i = 0; i < most && seen < wanted && !HasFatalFailure(); ++i) seen += round() ? 1 : 0;
    EXPECT_GE(seen, wanted) << "the breakpoints were not seen standing";
  }

  void take_out() {
    try {
      revert(patch_.id, target_.pid(), {});
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::not_applied) << error.message();
    }
    ASSERT_EQ(target_.ask("answers"), "42 42 42");
    ASSERT_EQ(test::text_of(target_.pid()), text_);
  }

  test::TargetProcess target_{name, {"0", "quiet"}};
  process::Process process_ = process::Process::open(target_.pid());
  RemoteAddress entry_ = test::entry_of(target_.pid(), name, "answer");
  patch::Patch patch_ = each_returning_43(name, {"answer", "lands", "at_page_end"});
  Bytes text_ = test::text_of(target_.pid());
};

TEST_F(KilledGuardian, WithStentIsMadeUpForByTheNextCommand) {
  int standing = 0;
  bool reverts = false;
  often([&] {
    reverts = !reverts;
    if (reverts) apply(patch_, target_.pid(), {});
    Stents stents;
    const auto action = [&] {
      reverts ? revert(patch_.id, target_.pid(), without_stop())
              : apply(patch_, target_.pid(), without_stop());
    };
    const bool was_seen = when_breakpoint_stands(action, stents, [](const Stents& both) {
      ::kill(both.stent, SIGKILL);
      ::kill(both.guardian, SIGKILL);
    });
    stents.end();
    stents.end_guardian();
    const bool was_left = was_seen && first_byte() == breakpoint;
    standing += was_left ? 1 : 0;
    take_out();
    return was_left;
  });
  EXPECT_GE(standing, 1);
}

TEST_F(KilledGuardian, IsMadeUpForByStentAtOnce) {
  often([&] {
    Stents stents;
    const bool was_seen =
        when_breakpoint_stands([&] { apply(patch_, target_.pid(), without_stop()); }, stents,
                               [](const Stents& both) { ::kill(both.guardian, SIGKILL); });
    const int code = stents.end();
    EXPECT_NE(first_byte(), breakpoint);
    EXPECT_TRUE(code == 0 || code == static_cast<int>(ErrorCode::internal)) << code;
    take_out();
    return was_seen && code != 0;
  });
}

TEST_F(KilledGuardian, FinishesWhateverEndsStentOrAsksItToEnd) {
  often([&] {
    Stents stents;
    const bool was_seen =
        when_breakpoint_stands([&] { apply(patch_, target_.pid(), without_stop()); }, stents,
                               [](const Stents& both) {
                                 for (const int signal : {SIGHUP, SIGINT, SIGTERM})
                                   ::kill(both.guardian, signal);
                                 ::kill(both.stent, SIGKILL);
                               });
    stents.end();
    stents.end_guardian();
    EXPECT_EQ(target_.ask("answers"), was_seen ? "43 43 43" : target_.ask("answers"));
    if (was_seen) {
      EXPECT_EQ(test::error_of([&] { apply(patch_, target_.pid(), {}); }).code(), ErrorCode::already_applied);
    }
    take_out();
    return was_seen;
  });
}

}  // namespace
}  // namespace stent::transaction
