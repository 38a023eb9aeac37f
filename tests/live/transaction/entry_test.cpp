// Patches whose functions change each on its own: frames that are inside finish in the old code.
#include <gmock/gmock.h>

#include <fstream>
#include <functional>

#include "base/error.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::transaction {
namespace {

using test::replacing;
using test::returning;

const Options patient{std::chrono::milliseconds(30'000)};

model::Image program(const std::string& name) {
  return model::load_image(std::string(STENT_TARGETS_DIR) + "/target_" + name + "_gcc");
}

patch::Patch by_entry(patch::Patch patch) {
  patch.consistency = patch::Consistency::entry;
  return patch;
}

TEST(EntryConsistency, AThreadInsideFinishesInTheOldCode) {
  test::TargetProcess target("answers");
  ASSERT_EQ(target.ask("hold"), "holding");
  const auto patch = by_entry(replacing(program("answers"), "hold", returning(43), "held"));
  EXPECT_EQ(apply(patch, target.pid(), patient).functions.size(), 1U);
  EXPECT_EQ(list(target.pid()).at(0).state, "applied");
  EXPECT_EQ(target.ask("release"), "7") << "the old frame did not finish as it began";
  EXPECT_EQ(target.ask("answer"), "42");
  revert(patch.id, target.pid(), patient);
  EXPECT_TRUE(list(target.pid()).empty());
}

TEST(EntryConsistency, TheSamePatchForAllAtOnceWouldHaveToWait) {
  test::TargetProcess target("answers");
  ASSERT_EQ(target.ask("hold"), "holding");
  Options together{std::chrono::milliseconds(100)};
  together.consistency = patch::Consistency::all;
  const auto patch = by_entry(replacing(program("answers"), "hold", returning(43), "held"));
  try {
    apply(patch, target.pid(), together);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
  }
  EXPECT_EQ(target.ask("release"), "7");
}

TEST(EntryConsistency, AThreadInTheOverwrittenBytesStillCounts) {
  test::TargetProcess target("parks_at_entry");
  const auto patch = by_entry(replacing(program("parks_at_entry"), "parked", returning(43), "parked"));
  try {
    apply(patch, target.pid(), Options{std::chrono::milliseconds(200)});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
    EXPECT_THAT(error.message(), testing::HasSubstr("inside parked"));
  }
  EXPECT_EQ(target.ask(), "here");
  EXPECT_EQ(target.ask("leave"), "42");
}

/// Changes answer() by entry, lets the target's main thread wait for ever inside, and reverts.
void leave_a_thread_in_reverted_code(test::TargetProcess& target) {
  // again: mov $0x22 (pause), %eax; syscall; jmp back
  const auto blocking = test::code({0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7});
  const auto patch = by_entry(replacing(program("answers"), "answer", blocking, "blocks"));
  apply(patch, target.pid(), patient);
  target.tell("answer");
  ASSERT_TRUE(test::eventually([&] {
    std::ifstream file("/proc/" + std::to_string(target.pid().value) + "/syscall");
    std::string number;
    return file >> number && number == "34";  // pause
  }));
  revert(patch.id, target.pid(), patient);
  ASSERT_EQ(list(target.pid()).back().state, "retained");
}

void expect_busy_inside_answer(const std::function<void()>& change) {
  try {
    change();
    FAIL() << "a function changed under a thread that is inside it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
    EXPECT_THAT(error.message(), testing::HasSubstr("inside answer"));
  }
}

TEST(EntryConsistency, CodeThatAThreadIsStillInIsKept) {
  test::TargetProcess target("answers");
  leave_a_thread_in_reverted_code(target);
  EXPECT_EQ(list(target.pid()).size(), 1U);
}

TEST(EntryConsistency, AThreadInRevertedCodeIsInsideTheFunction) {
  test::TargetProcess target("answers");
  leave_a_thread_in_reverted_code(target);
  const auto together = replacing(program("answers"), "answer", returning(43), "together");
  expect_busy_inside_answer([&] { apply(together, target.pid(), Options{std::chrono::milliseconds(200)}); });
}

TEST(EntryConsistency, AThreadInRevertedCodeHoldsWhatLiesBelow) {
  test::TargetProcess target("answers");
  const auto together = replacing(program("answers"), "answer", returning(43), "together");
  apply(together, target.pid(), patient);
  leave_a_thread_in_reverted_code(target);
  expect_busy_inside_answer(
      [&] { revert(together.id, target.pid(), Options{std::chrono::milliseconds(200)}); });
}

}  // namespace
}  // namespace stent::transaction
