// Which processes and threads were born since a moment, anywhere on the machine.
#pragma once

#include <optional>
#include <vector>

#include "base/pid.hpp"
#include "base/unique_fd.hpp"

namespace stent::process {

/// Counts them by their ids, which the kernel gives out in ascending order.
class Births {
 public:
  /// From now on.
  Births();
  /// Ids that were given out since, some of which may be gone; empty optional when they cannot be told or are
  /// too many.
  [[nodiscard]] std::optional<std::vector<Tid>> ids() const;

 private:
  [[nodiscard]] std::optional<pid_t> last_born() const;

  UniqueFd file_;
  std::optional<pid_t> before_;
};

}  // namespace stent::process
