// Patches that come and go with the target running: nothing it does goes wrong, and what cannot be is
// refused.
#include <sys/ptrace.h>

#include "no_stop_target.hpp"

namespace stent::transaction {
namespace {

using test::counts;
using test::each_returning_43;
using test::without_stop;
using testing::HasSubstr;

const std::string busy = "calls_while_busy";

/// In a process that ends afterwards. 0, or the number of the Error.
template <class Action>
int in_a_process(const Action& action) {
  const pid_t child = test::start_in_a_process(action);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Throws when the report is not of a change without a stop that went well.
void require_no_stop(const Report& report) {
  if (!report.longest_pause || report.stop_window.count() != 0 || !report.notes.empty())
    throw Error(ErrorCode::internal, "a stop, or a note");
}

TEST(NoStop, EveryAnswerIsRightAndNothingIsLostOverManyCycles) {
  constexpr int freed_after = 50;
  const char* wished = std::getenv("STENT_CYCLES");
  const int cycles = wished != nullptr ? std::atoi(wished) : 150;
  test::TargetProcess target(busy, {"6"});
  const Bytes text = test::text_of(target.pid());
  const auto patch = each_returning_43(busy, {"answer", "lands", "at_page_end"});
  for (int i = 0; i < cycles && !HasFailure(); ++i) {
    ASSERT_EQ(in_a_process([&] { require_no_stop(apply(patch, target.pid(), without_stop())); }), 0) << i;
    ASSERT_EQ(target.ask("answers"), "43 43 43") << i;
    ASSERT_EQ(in_a_process([&] { require_no_stop(revert(patch.id, target.pid(), without_stop())); }), 0) << i;
    ASSERT_EQ(target.ask("answers"), "42 42 42") << i;
    if (i % freed_after == 0) {  // what was kept is freed by a command that may stop the target
      const int code = in_a_process([&] { revert(patch.id, target.pid(), {}); });
      EXPECT_EQ(code, static_cast<int>(ErrorCode::not_applied));
    }
  }
  const auto before = counts(target);
  EXPECT_TRUE(test::eventually([&] {
    const auto now = counts(target);
    return now.at("calls") > before.at("calls") && now.at("born") > before.at("born") &&
           now.at("forks") > before.at("forks") + 4 && now.at("came") > before.at("came");
  })) << "something of it no longer works: "
      << target.ask("counts") << "\n"
      << target.ask("counts");
  auto now = counts(target);
  for (const char* what : {"wrong", "disorder", "eintr", "failed", "unblocked"})
    EXPECT_EQ(now.at(what), 0) << what;
  EXPECT_TRUE(test::eventually([&] {
    now = counts(target);
    return now.at("sent") - now.at("came") <= 50;  // which the target allows to be on their way
  })) << now.at("sent")
      << " sent, " << now.at("came") << " came";
  EXPECT_EQ(test::text_of(target.pid()), text);
}

TEST(NoStop, AFrameInsideFinishesInTheOldCode) {
  test::TargetProcess target("answers");
  ASSERT_EQ(target.ask("hold"), "holding");
  const auto patch = each_returning_43("answers", {"hold", "answer"});
  EXPECT_EQ(apply(patch, target.pid(), without_stop()).functions.size(), 2U);
  EXPECT_EQ(list(target.pid()).at(0).state, "applied");
  EXPECT_EQ(target.ask("answer"), "43");
  EXPECT_EQ(target.ask("release"), "7") << "the old frame did not finish as it began";
  revert(patch.id, target.pid(), without_stop());
  EXPECT_EQ(target.ask("answer"), "42");
}

TEST(NoStop, MemoryIsKeptUntilACommandMayLookForWhoIsInIt) {
  test::TargetProcess target("answers");
  const auto patch = each_returning_43("answers", {"answer"});
  apply(patch, target.pid(), without_stop());
  revert(patch.id, target.pid(), without_stop());
  ASSERT_EQ(list(target.pid()).size(), 1U);
  EXPECT_EQ(list(target.pid())[0].state, "retained");
  apply(patch, target.pid(), without_stop());
  EXPECT_EQ(target.ask("answer"), "43");
  revert(patch.id, target.pid(), {});
  EXPECT_EQ(target.ask("answer"), "42");
  EXPECT_TRUE(test::eventually([&] {
    EXPECT_EQ(test::error_of([&] { revert(patch.id, target.pid(), {}); }).code(), ErrorCode::not_applied);
    return list(target.pid()).empty();
  }));
}

TEST(NoStop, StackedPatchesComeAndGoInAnyOrder) {
  test::TargetProcess target("answers", {"2"});
  const auto first = each_returning_43("answers", {"answer"});
  auto second = test::replacing(test::program("answers"), "answer", test::returning(44), "second");
  second.consistency = patch::Consistency::entry;
  apply(first, target.pid(), without_stop());
  apply(second, target.pid(), without_stop());
  EXPECT_EQ(target.ask("answer"), "44");
  revert(first.id, target.pid(), without_stop());
  EXPECT_EQ(target.ask("answer"), "44");
  revert(second.id, target.pid(), without_stop());
  EXPECT_EQ(target.ask("answer"), "42");
  EXPECT_THAT(target.ask("spins"), HasSubstr(" wrong 0 "));
}

TEST(NoStop, EndsThoughThreadsAreBornWithoutEnd) {
  test::TargetProcess target("thread_churn");
  const auto text = test::text_of(target.pid());
  const auto patch = test::each_returning_43("thread_churn", {"live_briefly"});
  for (int i = 0; i < 20; ++i) {
    apply(patch, target.pid(), test::without_stop());
    revert(patch.id, target.pid(), test::without_stop());
  }
  EXPECT_EQ(test::text_of(target.pid()), text);
  target.ask();
}

TEST(NoStop, AThreadParkedInTheOverwrittenBytesIsNamedAndNothingChanges) {
  test::TargetProcess target("parks_at_entry");
  const Bytes text = test::text_of(target.pid());
  const auto patch = each_returning_43("parks_at_entry", {"parked"});
  const Error error =
      test::error_of([&] { apply(patch, target.pid(), without_stop(std::chrono::milliseconds(300))); });
  EXPECT_EQ(error.code(), ErrorCode::busy);
  EXPECT_THAT(error.message(), HasSubstr("inside parked"));
  EXPECT_EQ(test::text_of(target.pid()), text);
  EXPECT_TRUE(list(target.pid()).empty());
  EXPECT_EQ(target.ask("leave"), "42") << "its frame did not finish in the old code";
  apply(patch, target.pid(), without_stop());
  EXPECT_EQ(list(target.pid()).at(0).state, "applied");
}

TEST(NoStop, AStoppedTargetIsPatchedAndStaysStopped) {
  test::TargetProcess target("answers");
  target.signal(SIGSTOP);
  ASSERT_TRUE(test::eventually([&] { return test::state_of(target.pid(), {target.pid().value}) == 'T'; }));
  const auto patch = each_returning_43("answers", {"answer"});
  apply(patch, target.pid(), without_stop());
  EXPECT_TRUE(test::eventually([&] { return test::state_of(target.pid(), {target.pid().value}) == 'T'; }));
  target.signal(SIGCONT);
  EXPECT_EQ(target.ask("answer"), "43");
}

TEST(NoStop, ATracedTargetNamesItsTracer) {
  test::TargetProcess target("answers");
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, target.pid().value, nullptr, nullptr), 0);
  const auto patch = each_returning_43("answers", {"answer"});
  const Error error =
      test::error_of([&] { apply(patch, target.pid(), without_stop(std::chrono::milliseconds(100))); });
  EXPECT_EQ(error.code(), ErrorCode::traced);
  EXPECT_THAT(error.message(), HasSubstr(std::to_string(::getpid())));
}

TEST(NoStop, WhatCannotBeIsRefusedByName) {
  test::TargetProcess target(busy, {"0", "quiet"});
  const Bytes text = test::text_of(target.pid());
  const auto expect_refused = [&](const patch::Patch& patch, const Options& options,
                                  const std::string& words) {
    const Error error = test::error_of([&] { apply(patch, target.pid(), options); });
    EXPECT_EQ(error.code(), ErrorCode::refused) << error.message();
    EXPECT_THAT(error.message(), HasSubstr(words));
    EXPECT_FALSE(error.hint().empty());
  };
  auto together = each_returning_43(busy, {"answer"});
  together.consistency = patch::Consistency::all;
  expect_refused(together, without_stop(), "switch together");
  expect_refused(each_returning_43(busy, {"crosses"}), without_stop(), "last bytes of a page");
  expect_refused(each_returning_43(busy, {"calls_first"}), without_stop(), "a call within its first bytes");
  expect_refused(each_returning_43(busy, {"loops_inside"}), without_stop(),
                 "branches back into its first bytes");
  EXPECT_EQ(test::text_of(target.pid()), text);
  EXPECT_TRUE(list(target.pid()).empty());

  const auto old = each_returning_43(busy, {"answer"});
  apply(old, target.pid(), without_stop());
  Options upgrade = without_stop();
  upgrade.replace = {old.id};
  expect_refused(each_returning_43(busy, {"lands"}), upgrade, "replace another patch");
  EXPECT_EQ(target.ask("answers"), "43 42 42");

  Options together_again;
  together_again.consistency = patch::Consistency::all;
  apply(each_returning_43(busy, {"lands"}), target.pid(), together_again);
  EXPECT_THAT(test::error_of([&] {
                revert(each_returning_43(busy, {"lands"}).id, target.pid(), without_stop());
              }).message(),
              HasSubstr("switch together"));
}

TEST(NoStop, ATargetThatIgnoresTrapsIsRefused) {
  ::signal(SIGTRAP, SIG_IGN);  // inherited
  test::TargetProcess target("answers");
  ::signal(SIGTRAP, SIG_DFL);
  const auto patch = each_returning_43("answers", {"answer"});
  const Error error = test::error_of([&] { apply(patch, target.pid(), without_stop()); });
  EXPECT_EQ(error.code(), ErrorCode::refused);
  EXPECT_THAT(error.message(), HasSubstr("ignores SIGTRAP"));
  EXPECT_EQ(target.ask("answer"), "42");
  EXPECT_TRUE(list(target.pid()).empty());
}

}  // namespace
}  // namespace stent::transaction
