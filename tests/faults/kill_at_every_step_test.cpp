// stent killed before each system call through which it changes the target: old or new for every thread,
// never a mix, and the next command finishes or undoes.
#include <gmock/gmock.h>

#include "base/error.hpp"
#include "pair_target.hpp"
#include "stepped_stent.hpp"

namespace stent::transaction {
namespace {

const Options patient{std::chrono::milliseconds(30'000)};

/// Runs `action`, killed before its step number `step`. False when it came to its end.
bool killed_at(std::size_t step, const std::function<void()>& action) {
  std::size_t seen = 0;
  const auto ending = test::run_stepped(action, {SYS_pwrite64, SYS_ptrace}, [&](const test::Call& call) {
    const bool is_it = test::changes_target(call) && seen++ == step;
    return test::Fate{is_it ? test::Fate::Kind::is_last : test::Fate::Kind::goes_on};
  });
  EXPECT_TRUE(ending.killed || ending.code == 0) << ending.code;
  return ending.killed;
}

class KilledAtEveryStep : public testing::TestWithParam<const char*> {
 protected:
  void expect_unmixed(std::size_t step, const std::vector<std::string>& allowed, long mixed = 0) {
    ASSERT_LE(target_.newly_mixed(), mixed) << "killed at step " << step;
    ASSERT_THAT(target_.versions(), testing::AnyOfArray(allowed)) << "killed at step " << step;
  }
  long applied() const {
    const auto patches = list(pid_);
    return std::ranges::count_if(patches, [](const auto& patch) { return patch.state == "applied"; });
  }
  void apply_or_find(const patch::Patch& patch, const Options& options = patient) {
    try {
      apply(patch, target_.pid(), options);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::already_applied) << error.message();
    }
  }
  void revert_or_find(const patch::Patch& patch) {
    try {
      revert(patch.id, target_.pid(), patient);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::not_applied) << error.message();
    }
  }

  test::PairTarget target_{1, GetParam()};
  Pid pid_ = target_.pid();
  patch::Patch first_ = target_.patch("first", 2), second_ = target_.patch("second", 3);
  test::PairTarget::State before_ = target_.state();
};

TEST_P(KilledAtEveryStep, ApplyOfSeveralFunctionsLeavesNoMix) {
  std::size_t step = 0;
  for (bool killed = true; killed && !HasFatalFailure(); ++step) {
    killed = killed_at(step, [&] { apply(first_, pid_, patient); });
    expect_unmixed(step, {"1 1", "2 2"});
    apply_or_find(first_);
    ASSERT_EQ(target_.versions(), "2 2") << step;
    revert(first_.id, pid_, patient);
    ASSERT_EQ(target_.versions(), "1 1") << step;
    target_.free_what_was_kept(first_);
    ASSERT_EQ(target_.state(), before_) << step;
    ASSERT_LE(target_.newly_mixed(), 2 * target_.of_a_revert) << step;
    target_.forget_mixed();
  }
  EXPECT_GT(step, 20U);
}

TEST_P(KilledAtEveryStep, RevertOfSeveralFunctionsLeavesNoMix) {
  std::size_t step = 0;
  for (bool killed = true; killed && !HasFatalFailure(); ++step) {
    apply_or_find(first_);
    killed = killed_at(step, [&] { revert(first_.id, pid_, patient); });
    expect_unmixed(step, {"1 1", "2 2"}, target_.of_a_revert);
    revert_or_find(first_);
    ASSERT_EQ(target_.versions(), "1 1") << step;
    target_.free_what_was_kept(first_);
    ASSERT_EQ(target_.state(), before_) << step;
    ASSERT_LE(target_.newly_mixed(), 2 * target_.of_a_revert) << step;
    target_.forget_mixed();
  }
  EXPECT_GT(step, 20U);
}

TEST_P(KilledAtEveryStep, UpgradeLeavesOldOrNew) {
  Options upgrade = patient;
  upgrade.replace = {first_.id};
  std::size_t step = 0;
  for (bool killed = true; killed && !HasFatalFailure(); ++step) {
    apply(first_, pid_, patient);
    killed = killed_at(step, [&] { apply(second_, pid_, upgrade); });
    expect_unmixed(step, {"2 2", "3 3"});
    apply_or_find(second_, upgrade);
    ASSERT_EQ(target_.versions(), "3 3") << step;
    ASSERT_EQ(applied(), 1) << step;  // what was replaced may be kept for a while
    revert(second_.id, pid_, patient);
    ASSERT_EQ(target_.versions(), "1 1") << step;
    target_.free_what_was_kept(first_);
    ASSERT_EQ(target_.state(), before_) << step;
    ASSERT_LE(target_.newly_mixed(), 2 * target_.of_a_revert) << step;
    target_.forget_mixed();
  }
  EXPECT_GT(step, 20U);
}

INSTANTIATE_TEST_SUITE_P(Targets, KilledAtEveryStep, testing::Values("pair", "short_pair", "tight_pair"),
                         [](const auto& target) { return std::string(target.param); });

}  // namespace
}  // namespace stent::transaction
