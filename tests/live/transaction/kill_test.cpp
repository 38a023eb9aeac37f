// stent killed at any instant: the target goes on, and the next command finishes or undoes what was left.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/error.hpp"
#include "live/transaction/inventory.hpp"
#include "live/transaction/record_access.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::transaction {
namespace {

const Options patient{std::chrono::milliseconds(10'000), std::nullopt};

/// Runs `action` in a child that is killed after `delay`.
template <class Action>
void killed_after(useconds_t delay, const Action& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      action();
    } catch (const Error&) {
    }
    ::_exit(0);
  }
  ::usleep(delay);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

std::string maps_of(Pid pid) {
  std::ifstream file("/proc/" + std::to_string(pid.value) + "/maps");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t open_files(Pid pid) {
  const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid.value) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

class InterruptedStent : public testing::Test {
 protected:
  void set_state(RecordState state) {
    const auto records = find_records(process_.mappings(), process_.memory());
    ASSERT_EQ(records.size(), 1U);
    transaction::set_state(process_.writable_memory(), records[0].at, state);
  }
  void undo_redirect() {
    const auto function = find_records(process_.mappings(), process_.memory()).at(0).record.functions.at(0);
    process_.writable_memory().write(function.entry, function.before);
  }

  test::TargetProcess target_{"answers"};
  Pid pid_ = target_.pid();
  process::Process process_ = process::Process::open(pid_);
  patch::Patch patch_ =
      test::replacing(model::load_image(std::string(STENT_TARGETS_DIR) + "/target_answers_gcc"), "answer",
                      test::returning(43), "one");
  std::string maps_ = maps_of(pid_);
};

TEST_F(InterruptedStent, BeforeTheSwitchIsUndone) {
  for (const RecordState state : {RecordState::preparing, RecordState::redirecting, RecordState::reverting}) {
    apply(patch_, pid_, patient);
    undo_redirect();
    set_state(state);
    EXPECT_EQ(list(pid_).at(0).state, "incomplete");
    EXPECT_EQ(target_.ask("answer"), "42");
    EXPECT_THROW(revert(patch_.id, pid_, patient), Error);
    EXPECT_EQ(maps_of(pid_), maps_);
  }
}

TEST_F(InterruptedStent, AfterTheSwitchIsFinished) {
  apply(patch_, pid_, patient);
  set_state(RecordState::redirecting);
  try {
    apply(patch_, pid_, patient);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_applied);
  }
  EXPECT_EQ(list(pid_).at(0).state, "applied");
  EXPECT_EQ(target_.ask("answer"), "43");
  revert(patch_.id, pid_, patient);
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(InterruptedStent, ARevertBegunIsFinished) {
  apply(patch_, pid_, patient);
  set_state(RecordState::reverting);
  try {
    revert(patch_.id, pid_, patient);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_applied);
  }
  EXPECT_EQ(target_.ask("answer"), "42");
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST(KilledStent, LeavesATargetThatTheNextOneRepairs) {
  test::TargetProcess target("answers", {"2"});
  const auto program = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_answers_gcc");
  const auto patch = test::replacing(program, "answer", test::returning(43), "one");
  const std::string maps = maps_of(target.pid());
  const std::size_t files = open_files(target.pid());
  for (useconds_t round = 0; round < 60; ++round) {
    killed_after(300 + round * 110, [&] {
      if (round % 2 == 0) {
        apply(patch, target.pid(), patient);
      } else {
        apply(patch, target.pid(), patient);
        revert(patch.id, target.pid(), patient);
      }
    });
    const auto left = list(target.pid());
    ASSERT_LE(left.size(), 1U);
    const std::string answer = target.ask("answer");
    if (answer.empty()) {
      int status = 0;
      ::waitpid(target.pid().value, &status, 0);
      FAIL() << "round " << round << ": the target ended, wait status " << status << ", state found "
             << (left.empty() ? "none" : left[0].state);
    }
    ASSERT_TRUE(answer == "42" || answer == "43") << answer;
    try {
      apply(patch, target.pid(), patient);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::already_applied) << error.message();
    }
    ASSERT_EQ(target.ask("answer"), "43");
    revert(patch.id, target.pid(), patient);
    ASSERT_EQ(target.ask("answer"), "42");
    ASSERT_EQ(open_files(target.pid()), files) << round;
    ASSERT_EQ(maps_of(target.pid()), maps) << round;
  }
  EXPECT_THAT(target.ask("spins"), testing::HasSubstr(" wrong 0 "));
}

}  // namespace
}  // namespace stent::transaction
