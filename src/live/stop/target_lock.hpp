// TargetLock: one stent at a time works on one target.
#pragma once

#include "base/pid.hpp"
#include "base/unique_fd.hpp"

namespace stent::stop {

/// An advisory lock (flock(2)) on the folder /proc/PID, gone with whoever holds it.
class TargetLock {
 public:
  /// Throws `traced` when another stent holds it, `gone`.
  explicit TargetLock(Pid target);

 private:
  UniqueFd folder_;
};

}  // namespace stent::stop
