// A system call of stent fails, one after the other: the target is then exactly as it was, or the change was
// made and stent said so.
#include <gmock/gmock.h>

#include "base/error.hpp"
#include "pair_target.hpp"
#include "stepped_stent.hpp"

namespace stent::transaction {
namespace {

const Options patient{std::chrono::milliseconds(30'000)};

/// Which calls fail, and how.
struct Fault {
  std::string name;
  std::vector<long> calls;
  int error;
  std::size_t stride = 1;  ///< reads are many, so not every one fails
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

/// Runs `action` with the fault at its `step`-th occasion. A write that failed is tried by PTRACE_POKEDATA as
/// well, and a read by pread, so both fail until the next occasion.
test::Ending run_with(const Fault& fault, std::size_t step, bool& reached,
                      const std::function<void()>& action) {
  std::size_t seen = 0;
  bool failing = false;
  reached = false;
  std::vector<long> reported = fault.calls;
  reported.push_back(SYS_ptrace);
  return test::run_stepped(action, reported, [&](const test::Call& call) -> test::Fate {
    const bool is_poke =
        call.number == SYS_ptrace && call.arguments[0] == static_cast<std::uint64_t>(PTRACE_POKEDATA);
    if (is_poke && failing && fault.name == "write") return {test::Fate::Kind::fails, fault.error};
    if (std::ranges::find(fault.calls, call.number) == fault.calls.end()) return {};
    if (call.number == SYS_pread64 && failing) return {test::Fate::Kind::fails, fault.error};
    failing = seen++ == step;
    if (!failing) return {};
    reached = true;
    return {test::Fate::Kind::fails, fault.error};
  });
}

class FailsAtEveryStep : public testing::TestWithParam<Fault> {
 protected:
  void expect_unmixed(std::size_t step, long mixed = 0) {
    ASSERT_LE(target_.newly_mixed(), mixed) << "failed at " << step;
  }

  test::PairTarget target_{1};
  Pid pid_ = target_.pid();
  patch::Patch patch_ = target_.patch("first", 2);
};

TEST_P(FailsAtEveryStep, ApplyIsAllOrNothing) {
  const auto before = target_.state();
  bool reached = true;
  std::size_t failures = 0;
  for (std::size_t step = 0; reached && !HasFatalFailure(); step += GetParam().stride) {
    const auto ending = run_with(GetParam(), step, reached, [&] { apply(patch_, pid_, patient); });
    ASSERT_FALSE(ending.killed) << step;
    expect_unmixed(step);
    if (ending.code == 0) {
      ASSERT_EQ(target_.versions(), "2 2") << step;
      revert(patch_.id, pid_, patient);
    } else {
      ++failures;
      ASSERT_NE(ending.code, 99) << "not an Error of stent at " << step;
      ASSERT_EQ(target_.versions(), "1 1") << "reported " << ending.code << " at " << step;
    }
    target_.free_what_was_kept(patch_);
    target_.forget_mixed();
    ASSERT_EQ(target_.state(), before) << "reported " << ending.code << " at " << step;
  }
  EXPECT_GT(failures, 0U);
}

TEST_P(FailsAtEveryStep, RevertIsAllOrNothing) {
  const auto unpatched = target_.state();
  bool reached = true;
  std::size_t failures = 0;
  for (std::size_t step = 0; reached && !HasFatalFailure(); step += GetParam().stride) {
    apply(patch_, pid_, patient);
    const auto patched = target_.state();
    const auto ending = run_with(GetParam(), step, reached, [&] { revert(patch_.id, pid_, patient); });
    ASSERT_FALSE(ending.killed) << step;
    expect_unmixed(step, target_.of_a_revert);
    if (ending.code != 0) {
      ++failures;
      ASSERT_NE(ending.code, 99) << "not an Error of stent at " << step;
      ASSERT_EQ(target_.versions(), "2 2") << "reported " << ending.code << " at " << step;
      ASSERT_EQ(target_.state(), patched) << "reported " << ending.code << " at " << step;
      revert(patch_.id, pid_, patient);
    } else {
      ASSERT_EQ(target_.versions(), "1 1") << step;
    }
    target_.forget_mixed();
    target_.free_what_was_kept(patch_);  // also where only the releasing of memory failed
    ASSERT_EQ(target_.state(), unpatched) << "reported " << ending.code << " at " << step;
  }
  EXPECT_GT(failures, 0U);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailsAtEveryStep,
                         testing::Values(Fault{"write", {SYS_pwrite64}, EIO},
                                         Fault{"open", {SYS_openat}, EMFILE},
                                         Fault{"read", {SYS_process_vm_readv, SYS_pread64}, EFAULT, 5}),
                         [](const auto& fault) { return fault.param.name; });

}  // namespace
}  // namespace stent::transaction
