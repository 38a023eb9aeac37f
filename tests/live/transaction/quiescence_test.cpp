// Every way to be inside a function keeps it from being replaced, and none does for longer than it lasts.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/process/process.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::transaction {
namespace {

using test::replacing;
using test::returning;
using testing::HasSubstr;

const Options impatient{std::chrono::milliseconds(200), {}, {}};
const Options patient{std::chrono::milliseconds(60'000), {}, {}};

class Quiescence : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    target_.emplace("stacks", std::vector<std::string>{}, GetParam());
    program_ = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_stacks_" + GetParam());
  }
  [[nodiscard]] Pid pid() const { return target_->pid(); }
  [[nodiscard]] patch::Patch patch_of(const std::string& function) const {
    return replacing(program_, function, returning(43), function);
  }
  /// What apply says; empty when it succeeds.
  std::string attempt(const patch::Patch& patch, const Options& options) {
    try {
      apply(patch, pid(), options);
      return {};
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::busy || error.code() == ErrorCode::refused) << error.message();
      return error.message();
    }
  }
  /// While `way` is inside `function` nothing is replaced; afterwards it is.
  void expect_kept_while_inside(const std::string& way, const std::string& function,
                                const std::string& reason) {
    SCOPED_TRACE(way);
    ASSERT_EQ(target_->ask("enter " + way), "inside");
    const auto patch = patch_of(function);
    EXPECT_THAT(attempt(patch, impatient), HasSubstr(reason));
    EXPECT_EQ(attempt(patch_of("plain"), patient), "") << "another function is free";
    EXPECT_EQ(target_->ask("call"), "43");
    revert(patch_of("plain").id, pid(), patient);
    EXPECT_EQ(target_->ask("leave"), "7");
    EXPECT_EQ(attempt(patch, patient), "");
    if (function == "hold") {
      EXPECT_EQ(target_->ask("hold"), "43");
    }
    revert(patch.id, pid(), patient);
  }

  std::optional<test::TargetProcess> target_;
  model::Image program_;
};

TEST_P(Quiescence, ThreadsInsideAreSeenInEveryWayOfBeingThere) {
  for (const char* way : {"plain", "tail", "under_signal", "under_signal_on_alternate_stack", "from_handler",
                          "deep", "longjmp"})
    expect_kept_while_inside(way, "hold", "thread ");
  for (const char* way : {"plain", "under_signal", "from_handler", "deep"})
    expect_kept_while_inside(way, "hold", "(holder) is inside hold");
}

TEST_P(Quiescence, CallersWithoutUnwindInformationDoNotHideWhoIsInside) {
  for (const char* way : {"no_cfi", "jit", "from_handler_on_alternate_stack"})
    expect_kept_while_inside(way, "hold", "(holder) is inside hold");
}

TEST_P(Quiescence, AReturnAddressAtTheVeryEndCounts) {
  expect_kept_while_inside("at_end", "ends_in_call", "(holder) is inside ends_in_call");
}

TEST_P(Quiescence, APointerThatTheLinkerLaidOutIsNoReturnAddress) {
  const auto patch = patch_of("ends_in_call");  // its end is in the program's data
  EXPECT_EQ(attempt(patch, impatient), "");
  revert(patch.id, pid(), patient);
}

TEST_P(Quiescence, SuspendedStacksOfNoThreadAreFound) {
  for (const char* way :
       {"context", "context on malloc", "context on mmap", "context below a thread", "context on a page",
        "fiber", "fiber on malloc", "fiber on mmap", "fiber below a thread", "fiber on a page"})
    expect_kept_while_inside(way, "hold", "may be suspended in hold");
}

TEST_P(Quiescence, ForeignStacksMayBeIgnoredOrRefused) {
  ASSERT_EQ(target_->ask("enter fiber on mmap"), "inside");
  Options refusing = patient;
  refusing.foreign_stacks = ForeignStacks::refuse;
  EXPECT_THAT(attempt(patch_of("hold"), refusing), HasSubstr("may be suspended in hold"));
  Options ignoring = impatient;
  ignoring.foreign_stacks = ForeignStacks::ignore;
  EXPECT_EQ(attempt(patch_of("hold"), ignoring), "");
  EXPECT_EQ(target_->ask("hold"), "43");
  EXPECT_EQ(target_->ask("leave"), "7") << "the old code, which the fiber is in, is still there";
}

// What precedes it is known, as no redirect is ever written over new code.
TEST_P(Quiescence, AWordIntoNewCodeThatFollowsNoCallIsNoReturnAddress) {
  const auto patch = patch_of("plain");
  ASSERT_EQ(attempt(patch, patient), "");
  const RemoteAddress replacement = list(pid()).at(0).functions.at(0).replacement;
  const auto target = process::Process::open(pid());
  const auto mappings = target.mappings();
  const auto heap = std::ranges::find(mappings, "[heap]", &process::Mapping::name);
  ASSERT_NE(heap, mappings.end());
  std::vector<std::uint64_t> words;
  for (const std::int64_t offset : {1, 2, 5}) words.push_back((replacement + offset).value);
  target.writable_memory().write(heap->range.end() - 64, std::as_bytes(std::span(words)));
  EXPECT_NO_THROW(revert(patch.id, pid(), impatient));
  EXPECT_EQ(target_->ask("call"), "42");
}

TEST_P(Quiescence, StaleWordsStandWhereUnwindingIsNotCertain) {
  ASSERT_EQ(target_->ask("enter stale_no_cfi"), "inside");
  EXPECT_THAT(
      attempt(patch_of("plain"), impatient),
      HasSubstr("(holder) may return into plain (its stack holds an address inside, and cannot be unwound"));
  EXPECT_EQ(target_->ask("call"), "42");
  EXPECT_EQ(target_->ask("leave"), "7");
  EXPECT_EQ(attempt(patch_of("plain"), patient), "");
  EXPECT_EQ(target_->ask("call"), "43");
}

TEST_P(Quiescence, WhoSleepsInsideIsToldFromWhoIsBusy) {
  ASSERT_EQ(target_->ask("enter plain"), "inside");
  EXPECT_THAT(attempt(patch_of("hold"), impatient), HasSubstr("it has not moved for 0.2 s"));
  EXPECT_EQ(target_->ask("leave"), "7");
}

class Coroutines : public testing::TestWithParam<std::string> {};

TEST_P(Coroutines, SuspendedOnesCountAsActive) {
  test::TargetProcess target("coroutine", {}, GetParam());
  const auto program = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_coroutine_" + GetParam());
  const std::string part = GetParam() == "gcc" ? ".actor" : ".resume";
  const auto function = std::ranges::find_if(
      program.symbols, [&](const model::ImageSymbol& symbol) { return symbol.name.ends_with(part); });
  ASSERT_NE(function, program.symbols.end());
  const auto patch = replacing(program, function->name, test::code({0xc3}), "coroutine");
  ASSERT_EQ(target.ask("start"), "suspended");
  try {
    apply(patch, target.pid(), impatient);
    FAIL() << "applied";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
    EXPECT_THAT(error.message(), HasSubstr("may be suspended in"));
    EXPECT_THAT(error.message(), HasSubstr(part));
  }
  EXPECT_EQ(target.ask("finish"), "42");
  ASSERT_EQ(target.ask("start"), "suspended");
  EXPECT_EQ(target.ask("forget"), "forgotten");
  apply(patch, target.pid(), patient);
}

INSTANTIATE_TEST_SUITE_P(Compilers, Coroutines, testing::Values("gcc", "clang"),
                         [](const auto& compiler) { return compiler.param; });
INSTANTIATE_TEST_SUITE_P(Compilers, Quiescence, testing::Values("gcc", "clang"),
                         [](const auto& compiler) { return compiler.param; });

}  // namespace
}  // namespace stent::transaction
