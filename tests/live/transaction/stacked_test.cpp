// Several patches on the same functions, in and out in every order; one in the place of another; two stents
// at once.
#include <gmock/gmock.h>

#include <numeric>

#include "base/error.hpp"
#include "live/process/process.hpp"
#include "live/stop/session.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::transaction {
namespace {

using test::replacing;
using test::returning;

const Options patient{std::chrono::milliseconds(30'000)};

std::string maps_of(Pid pid) {
  std::ifstream file("/proc/" + std::to_string(pid.value) + "/maps");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Stacked : public testing::Test {
 protected:
  [[nodiscard]] patch::Patch answering(int value) const {
    return replacing(program_, "answer", returning(value), "answers_" + std::to_string(value));
  }
  /// Replaces answer() and twice().
  [[nodiscard]] patch::Patch both(int value) const {
    auto result = replacing(program_, "answer", returning(value), "both_" + std::to_string(value));
    patch::Image& image = result.images[0];
    auto second = replacing(program_, "twice", returning(value), "").images[0];
    image.segments[0].bytes.resize(16, std::byte{0xcc});
    image.segments[0].bytes.insert(image.segments[0].bytes.end(), second.segments[0].bytes.begin(),
                                   second.segments[0].bytes.end());
    image.segments[0].memory_size = image.segments[0].bytes.size();
    second.replaced[0].replacement = {16};
    second.replaced[0].new_extents = {{{16}, 6}};
    image.replaced.push_back(second.replaced[0]);
    return result;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const Applied& patch : list(pid_)) found.push_back(patch.name + " " + patch.state);
    return found;
  }

  test::TargetProcess target_{"answers"};
  Pid pid_ = target_.pid();
  model::Image program_ = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_answers_gcc");
  std::string maps_ = maps_of(pid_);
};

TEST_F(Stacked, EveryOrderOfRevertRunsTheNewestThatIsLeft) {
  std::vector<int> order{0, 1, 2};
  do {
    std::vector<patch::Patch> patches{answering(43), answering(44), answering(45)};
    for (const auto& patch : patches) apply(patch, pid_, patient);
    std::vector<int> left{43, 44, 45};
    for (const int out : order) {
      revert(patches[static_cast<std::size_t>(out)].id, pid_, patient);
      std::erase(left, 43 + out);
      ASSERT_EQ(target_.ask("answer"), left.empty() ? "42" : std::to_string(left.back()));
    }
    ASSERT_EQ(maps_of(pid_), maps_);
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(Stacked, OverlappingSetsComeOutInEveryOrder) {
  std::vector<int> order{0, 1, 2};
  do {
    std::vector<patch::Patch> patches{answering(50), both(60), both(70)};
    for (const auto& patch : patches) apply(patch, pid_, patient);
    std::vector<bool> in{true, true, true};
    for (const int out : order) {
      revert(patches[static_cast<std::size_t>(out)].id, pid_, patient);
      in[static_cast<std::size_t>(out)] = false;
      const std::string answer = in[2] ? "70" : in[1] ? "60" : in[0] ? "50" : "42";
      const std::string twice = in[2] ? "70" : in[1] ? "60" : in[0] ? "100" : "84";
      ASSERT_EQ(target_.ask("answer"), answer);
      ASSERT_EQ(target_.ask("twice"), twice);
    }
    ASSERT_EQ(maps_of(pid_), maps_);
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(Stacked, AppliedAgainAfterARevertItIsTheNewest) {
  apply(answering(43), pid_, patient);
  apply(answering(44), pid_, patient);
  revert(answering(43).id, pid_, patient);
  apply(answering(43), pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "43");
  revert(answering(43).id, pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "44");
  revert(answering(44).id, pid_, patient);
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(Stacked, AnUpgradeTakesTheOldOneOutInTheSameStop) {
  apply(both(60), pid_, patient);
  Options upgrade = patient;
  upgrade.replace = {both(60).id};
  const Report report = apply(answering(43), pid_, upgrade);
  EXPECT_EQ(report.tries, 1U);
  EXPECT_EQ(target_.ask("answer"), "43");
  EXPECT_EQ(target_.ask("twice"), "86") << "what only the old patch replaced is the module's again";
  EXPECT_THAT(names(), testing::ElementsAre("answers_43 applied"));
  revert(answering(43).id, pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "42");
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(Stacked, AnUpgradeOfAPatchBelowAnotherKeepsTheOrder) {
  apply(answering(43), pid_, patient);
  apply(both(60), pid_, patient);
  Options upgrade = patient;
  upgrade.replace = {answering(43).id};
  apply(answering(44), pid_, upgrade);
  EXPECT_EQ(target_.ask("answer"), "44");
  EXPECT_EQ(target_.ask("twice"), "60");
  revert(answering(44).id, pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "60");
  revert(both(60).id, pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "42") << "the patch that was replaced does not come back";
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(Stacked, ReplacingWhatIsNotThereIsRefused) {
  Options upgrade = patient;
  upgrade.replace = {answering(43).id};
  try {
    apply(answering(44), pid_, upgrade);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_applied);
  }
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(Stacked, StentsAtOnceTakeTurns) {
  constexpr int stents = 6;
  std::vector<pid_t> children;
  for (int i = 0; i < stents; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 0;
      try {
        for (int round = 0; round < 3; ++round) {
          apply(answering(50 + i), pid_, patient);
          revert(answering(50 + i).id, pid_, patient);
        }
        apply(answering(50 + i), pid_, patient);
      } catch (const Error& error) {
        std::fprintf(stderr, "stent %d: %s\n", i, error.message().c_str());
        code = static_cast<int>(error.code());
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  }
  EXPECT_EQ(list(pid_).size(), static_cast<std::size_t>(stents));
  EXPECT_EQ(target_.ask("answer"), std::to_string(std::stoi(list(pid_).back().name.substr(8))));
  for (int i = 0; i < stents; ++i) revert(answering(50 + i).id, pid_, patient);
  EXPECT_EQ(maps_of(pid_), maps_);
}

TEST_F(Stacked, AStentThatHoldsTheTargetTooLongIsNamed) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto process = process::Process::open(pid_);
    const stop::Session session(process);
    if (::write(pipe[1], "x", 1) == 1) ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  try {
    apply(answering(43), pid_, Options{std::chrono::milliseconds(100)});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::traced);
    EXPECT_THAT(error.message(), testing::HasSubstr(std::to_string(child)));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  apply(answering(43), pid_, patient);
  EXPECT_EQ(target_.ask("answer"), "43");
}

}  // namespace
}  // namespace stent::transaction
