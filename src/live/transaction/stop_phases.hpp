// StopPhases: where the time of a stop window went.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

namespace stent::transaction {

struct StopPhase {
  std::string_view name;  ///< a literal
  std::chrono::nanoseconds took{0};
};

/// Allocates nothing while the stop lasts.
class StopPhases {
 public:
  using Clock = std::chrono::steady_clock;

  StopPhases() { phases_.reserve(most); }
  /// Forgets what was before; the first phase begins at `at`.
  void begin(Clock::time_point at) {
    phases_.clear();
    last_ = at;
  }
  /// The phase `name`, which ends now, took all the time since the one before it.
  void passed(std::string_view name) {
    const auto now = Clock::now();
    phases_.push_back({name, now - last_});
    last_ = now;
  }
  [[nodiscard]] const std::vector<StopPhase>& all() const { return phases_; }

 private:
  static constexpr std::size_t most = 8;

  std::vector<StopPhase> phases_;
  Clock::time_point last_;
};

}  // namespace stent::transaction
