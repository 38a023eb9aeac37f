#include "live/transaction/transaction.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

#include "base/error.hpp"
#include "live/process/process.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::transaction {
namespace {

using test::replacing;
using test::returning;
using testing::HasSubstr;

const Options quick{std::chrono::milliseconds(300), std::nullopt};

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

/// The failure `action` ends in; fails the test when it succeeds.
template <class Action>
Error failure_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no failure";
  return {ErrorCode::internal, "no failure"};
}

class Transaction : public testing::TestWithParam<std::string> {
 protected:
  void start(const std::vector<std::string>& arguments = {}) {
    target_.emplace("answers", arguments, GetParam());
    program_ = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_answers_" + GetParam());
  }
  [[nodiscard]] Pid pid() const { return target_->pid(); }
  [[nodiscard]] Bytes text() const {
    const auto process = process::Process::open(pid());
    for (const auto& module : process.modules())
      if (module.is_executable)
        for (const auto& segment : module.segments)
          if (segment.permissions.execute)
            return process.memory().read(segment.range.begin, segment.range.size);
    return {};
  }

  std::optional<test::TargetProcess> target_;
  model::Image program_;
};

TEST_P(Transaction, RevertLeavesTextAndMappingsByteIdentical) {
  start();
  EXPECT_EQ(target_->ask("answer"), "42");
  const std::string maps = maps_of(pid());
  const Bytes before = text();
  const std::size_t files = open_files(pid());
  const auto patch = replacing(program_, "answer", returning(43), "one");

  const Report report = apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "43");
  EXPECT_EQ(target_->ask("twice"), "86");
  EXPECT_EQ(report.functions.size(), 1U);
  EXPECT_EQ(report.threads, 1U);
  EXPECT_GT(report.stop_window.count(), 0);
  EXPECT_THAT(maps_of(pid()), HasSubstr("/memfd:stent:one"));
  EXPECT_EQ(maps_of(pid()).find("rwx"), std::string::npos);
  EXPECT_EQ(open_files(pid()), files);

  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "42");
  EXPECT_EQ(text(), before);
  EXPECT_EQ(maps_of(pid()), maps);
  EXPECT_EQ(open_files(pid()), files);
}

TEST_P(Transaction, ListTellsWhatTheTargetHolds) {
  start();
  EXPECT_TRUE(list(pid()).empty());
  const auto patch = replacing(program_, "answer", returning(43), "one");
  apply(patch, pid(), quick);
  const auto found = list(pid());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "one");
  EXPECT_EQ(found[0].id, patch.id);
  EXPECT_EQ(found[0].description, "made for a test");
  EXPECT_EQ(found[0].state, "applied");
  EXPECT_EQ(found[0].functions.at(0).name, "answer");
  EXPECT_THAT(patched_processes(), testing::Contains(pid()));
  revert(patch.id, pid(), quick);
  EXPECT_TRUE(list(pid()).empty());
}

TEST_P(Transaction, CheckChangesNothing) {
  start();
  const std::string maps = maps_of(pid());
  const Bytes before = text();
  check(replacing(program_, "answer", returning(43), "one"), pid(), quick);
  EXPECT_EQ(maps_of(pid()), maps);
  EXPECT_EQ(text(), before);
  EXPECT_EQ(target_->ask("answer"), "42");
}

TEST_P(Transaction, BusyNamesThreadFunctionAndBacktraceAndLeavesTheTargetUntouched) {
  start();
  ASSERT_EQ(target_->ask("hold"), "holding");
  const std::string maps = maps_of(pid());
  const Bytes before = text();
  const auto patch = replacing(program_, "hold", returning(43), "held");
  const Error error = failure_of([&] { apply(patch, pid(), quick); });
  EXPECT_EQ(error.code(), ErrorCode::busy);
  EXPECT_THAT(error.message(), HasSubstr("(holder) is inside hold"));
  EXPECT_THAT(error.message(), HasSubstr("hold+0x"));
  EXPECT_THAT(error.message(), HasSubstr("holder+0x"));
  EXPECT_EQ(failure_of([&] { check(patch, pid(), quick); }).code(), ErrorCode::busy);
  EXPECT_EQ(maps_of(pid()), maps);
  EXPECT_EQ(text(), before);
  EXPECT_EQ(target_->ask("release"), "7");
}

TEST_P(Transaction, CheckWaitsForWhoIsInsideAsApplyDoes) {
  start();
  ASSERT_EQ(target_->ask("hold"), "holding");
  const auto patch = replacing(program_, "hold", returning(43), "held");
  Options patient = quick;
  patient.timeout = std::chrono::seconds(60);
  auto checked = std::async(std::launch::async, [&] { return check(patch, pid(), patient); });
  ASSERT_EQ(checked.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  EXPECT_EQ(target_->ask("release"), "7");
  EXPECT_GT(checked.get().tries, 1U);
}

TEST_P(Transaction, BlockedThreadElsewhereIsNoObstacle) {
  start();
  ASSERT_EQ(target_->ask("hold"), "holding");
  const auto patch = replacing(program_, "answer", returning(43), "one");
  EXPECT_EQ(apply(patch, pid(), quick).threads, 2U);
  EXPECT_EQ(target_->ask("answer"), "43");
  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("release"), "7");
}

TEST_P(Transaction, StaleWordsOnAStackAreNoObstacleWhereUnwindingIsCertain) {
  start();
  ASSERT_EQ(target_->ask("stale"), "there");
  const auto patch = replacing(program_, "twice", returning(43), "one");
  apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("twice"), "43");
  revert(patch.id, pid(), quick);
}

TEST_P(Transaction, StaleWordsOfARunningThreadAreNoObstacleWhereTheCodeAheadConfirmsTheChain) {
  start();
  ASSERT_EQ(target_->ask("spin stale"), "there");
  apply(replacing(program_, "twice", returning(43), "one"), pid(), quick);
  EXPECT_EQ(target_->ask("twice"), "43");
}

TEST_P(Transaction, ApplyingTwiceIsAlreadyApplied) {
  start();
  const auto patch = replacing(program_, "answer", returning(43), "one");
  apply(patch, pid(), quick);
  EXPECT_EQ(failure_of([&] { apply(patch, pid(), quick); }).code(), ErrorCode::already_applied);
  EXPECT_EQ(failure_of([&] { check(patch, pid(), quick); }).code(), ErrorCode::already_applied);
  EXPECT_EQ(target_->ask("answer"), "43");
}

TEST_P(Transaction, RevertOfWhatIsNotApplied) {
  start();
  const auto patch = replacing(program_, "answer", returning(43), "one");
  EXPECT_EQ(failure_of([&] { revert(patch.id, pid(), quick); }).code(), ErrorCode::not_applied);
  apply(patch, pid(), quick);
  revert(patch.id, pid(), quick);
  EXPECT_EQ(failure_of([&] { revert(patch.id, pid(), quick); }).code(), ErrorCode::not_applied);
}

TEST_P(Transaction, WrongBuildIdNamesThosePresent) {
  start();
  const std::string maps = maps_of(pid());
  auto patch = replacing(program_, "answer", returning(43), "one");
  patch.images[0].module.bytes[0] ^= std::byte{1};
  const Error error = failure_of([&] { apply(patch, pid(), quick); });
  EXPECT_EQ(error.code(), ErrorCode::mismatch);
  EXPECT_THAT(error.message(), HasSubstr(program_.build_id.text()));
  EXPECT_EQ(maps_of(pid()), maps);
}

TEST_P(Transaction, PreImageMismatchNamesFunctionAndOffset) {
  start();
  const std::string maps = maps_of(pid());
  const Bytes before = text();
  auto patch = replacing(program_, "answer", returning(43), "one");
  patch.images[0].replaced[0].extents[0].pre_image[3] ^= std::byte{1};
  const Error error = failure_of([&] { apply(patch, pid(), quick); });
  EXPECT_EQ(error.code(), ErrorCode::mismatch);
  EXPECT_THAT(error.message(), HasSubstr("answer"));
  EXPECT_THAT(error.message(), HasSubstr("0x3"));
  EXPECT_EQ(maps_of(pid()), maps);
  EXPECT_EQ(text(), before);
}

TEST_P(Transaction, MissingSymbolLeavesTheTargetUntouched) {
  start();
  const std::string maps = maps_of(pid());
  auto patch = replacing(program_, "answer", returning(43), "one");
  patch.images[0].bindings.push_back({"no_such_function", patch::DynamicSymbol{}});
  EXPECT_EQ(failure_of([&] { apply(patch, pid(), quick); }).code(), ErrorCode::mismatch);
  EXPECT_EQ(maps_of(pid()), maps);
}

TEST_P(Transaction, DynamicSymbolsAreFoundInTheTargetsLibraries) {
  start();
  // sub rsp, 8; call *slot(%rip); add rsp, 8; ret
  auto patch =
      replacing(program_, "answer",
                test::code({0x48, 0x83, 0xec, 8, 0xff, 0x15, 0xf6, 0x0f, 0, 0, 0x48, 0x83, 0xc4, 8, 0xc3}),
                "calls_getpid");
  patch::Image& image = patch.images[0];
  image.segments.push_back({patch::SegmentKind::constants, {0x1000}, Bytes(8), 8});
  image.bindings.push_back({"getpid", patch::DynamicSymbol{"GLIBC_2.2.5"}});
  image.relocations.push_back({{0x1000}, x86_64::RelocationType::abs64, 0, 0});
  const std::string maps = maps_of(pid());
  apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), std::to_string(pid().value));
  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "42");
  EXPECT_EQ(maps_of(pid()), maps);
}

TEST_P(Transaction, ModuleAddressesAreBoundThroughTheLoadBias) {
  start();
  // jmp twice (rel32): answer() becomes hold()-free and calls nothing else; twice is replaced to return 44
  // first.
  const auto twice = replacing(program_, "twice", returning(44), "twice");
  auto patch = replacing(program_, "answer", test::code({0xe9, 0, 0, 0, 0, 0x90}), "jumps");
  const auto symbol = std::ranges::find(program_.symbols, "twice", &model::ImageSymbol::name);
  patch.images[0].bindings.push_back({"twice", patch::ModuleAddress{symbol->address}});
  patch.images[0].relocations.push_back({{1}, x86_64::RelocationType::plt32, 0, -4});
  apply(twice, pid(), quick);
  apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "44");
  revert(twice.id, pid(), quick);
  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "42");
}

TEST_P(Transaction, PatchesOfOneFunctionStackAndComeOutInAnyOrder) {
  for (const bool newest_first : {true, false}) {
    start();
    const std::string maps = maps_of(pid());
    const Bytes before = text();
    const auto first = replacing(program_, "answer", returning(43), "first");
    const auto second = replacing(program_, "answer", returning(44), "second");
    apply(first, pid(), quick);
    apply(second, pid(), quick);
    EXPECT_EQ(target_->ask("answer"), "44");
    EXPECT_EQ(list(pid()).size(), 2U);
    revert(newest_first ? second.id : first.id, pid(), quick);
    EXPECT_EQ(target_->ask("answer"), newest_first ? "43" : "44");
    revert(newest_first ? first.id : second.id, pid(), quick);
    EXPECT_EQ(target_->ask("answer"), "42");
    EXPECT_EQ(text(), before);
    EXPECT_EQ(maps_of(pid()), maps);
  }
}

TEST_P(Transaction, DataIsRetainedAndThePatchCanBeAppliedAgain) {
  start();
  auto patch = replacing(program_, "answer", returning(43), "with_data");
  patch.images[0].segments.push_back({patch::SegmentKind::data, {0x1000}, Bytes(16), 64});
  apply(patch, pid(), quick);
  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "42");
  ASSERT_EQ(list(pid()).size(), 1U);
  EXPECT_EQ(list(pid())[0].state, "retained");
  EXPECT_EQ(failure_of([&] { revert(patch.id, pid(), quick); }).code(), ErrorCode::not_applied);
  apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "43");
}

TEST_P(Transaction, ConstantsTheTargetRemembersAreRetained) {
  start();
  // lea constant(%rip), %rax; mov %rax, remembered(%rip); mov eax, 43; ret
  auto patch = replacing(
      program_, "answer",
      test::code({0x48, 0x8d, 0x05, 0xf9, 0x0f, 0, 0, 0x48, 0x89, 0x05, 0, 0, 0, 0, 0xb8, 43, 0, 0, 0, 0xc3}),
      "remembers");
  patch::Image& image = patch.images[0];
  const auto symbol = std::ranges::find(program_.symbols, "remembered", &model::ImageSymbol::name);
  image.segments.push_back({patch::SegmentKind::constants, {0x1000}, test::code({'x', 0}), 2});
  image.bindings.push_back({"remembered", patch::ModuleAddress{symbol->address}});
  image.relocations.push_back({{10}, x86_64::RelocationType::pc32, 0, -4});
  apply(patch, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "43");
  EXPECT_EQ(target_->ask("remembered"), "x");
  revert(patch.id, pid(), quick);
  EXPECT_EQ(target_->ask("answer"), "42");
  EXPECT_EQ(list(pid()).at(0).state, "retained");
  EXPECT_EQ(target_->ask("remembered"), "x");
}

TEST_P(Transaction, SpinningThreadsAndSignalsSurviveManyCycles) {
  start({"4"});
  const std::string maps = maps_of(pid());
  const auto patch = replacing(program_, "answer", returning(43), "one");
  const Options patient{std::chrono::milliseconds(10'000), std::nullopt};
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(apply(patch, pid(), patient).threads, 5U);
    EXPECT_EQ(target_->ask("answer"), "43");
    revert(patch.id, pid(), patient);
    EXPECT_EQ(target_->ask("answer"), "42");
  }
  EXPECT_THAT(target_->ask("spins"), HasSubstr(" wrong 0 "));
  EXPECT_EQ(maps_of(pid()), maps);
}

INSTANTIATE_TEST_SUITE_P(Compilers, Transaction, testing::Values("gcc", "clang"),
                         [](const auto& compiler) { return compiler.param; });

}  // namespace
}  // namespace stent::transaction
