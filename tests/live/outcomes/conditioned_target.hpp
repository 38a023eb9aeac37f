// A target under some condition, the patch for it, and what became of applying it.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::test {

/// target_under_conditions with answer() to be replaced: 42 before, 43 after.
class ConditionedTarget {
 public:
  explicit ConditionedTarget(const std::string& condition = "nothing")
      : path_(std::string(STENT_TARGETS_DIR) + "/target_under_conditions_gcc"),
        patch_(replacing(model::load_image(path_), "answer", returning(43), "conditions")) {
    process_.emplace("under_conditions", std::vector<std::string>{condition});
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const patch::Patch& patch() const { return patch_; }
  [[nodiscard]] Pid pid() const { return process_->pid(); }
  [[nodiscard]] TargetProcess& process() { return *process_; }
  /// What the target itself says.
  std::string answer() { return process_->ask("answer"); }

  transaction::Report apply(std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    return transaction::apply(patch_, pid(), {timeout, std::nullopt});
  }
  transaction::Report revert() const {
    return transaction::revert(patch_.id, pid(), {std::chrono::seconds(10), std::nullopt});
  }
  /// The error of applying; the target must answer as before and hold nothing of the patch.
  Error refusal(std::chrono::milliseconds timeout = std::chrono::milliseconds(300)) {
    const Error error = failure(timeout);
    EXPECT_EQ(answer(), "42") << error.what();
    EXPECT_TRUE(transaction::list(pid()).empty()) << error.what();
    return error;
  }
  /// The error of applying, without asking the target.
  Error failure(std::chrono::milliseconds timeout = std::chrono::milliseconds(300)) const {
    try {
      apply(timeout);
    } catch (const Error& error) {
      EXPECT_NE(error.hint(), "") << error.what();
      return error;
    }
    ADD_FAILURE() << "it was patched";
    return {ErrorCode::internal, ""};
  }
  /// Applies and reverts, asking the target each time.
  void expect_patchable() {
    EXPECT_EQ(answer(), "42");
    ASSERT_NO_THROW(apply());
    EXPECT_EQ(answer(), "43");
    ASSERT_NO_THROW(revert());
    EXPECT_EQ(answer(), "42");
  }

 private:
  std::string path_;
  patch::Patch patch_;
  std::optional<TargetProcess> process_;
};

/// Text of a file of /proc; empty when it cannot be read.
inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace stent::test
