// Strangers: processes that the target bears while it is traced, and that the kernel has attached to at
// birth.
#pragma once

#include <functional>
#include <vector>

#include "live/stop/tracee.hpp"

namespace stent::stop {

class Strangers {
 public:
  /// Gets whom a stranger bears in turn.
  using Adopt = std::function<void(Tid)>;

  /// Lets `child` go from its first stop: at once where it gets a processor, for its parent may wait for it
  /// (vfork), and stent for its parent; else as soon as it comes there (`pump`).
  void let_go(Tid child, const Adopt& adopt);
  /// Lets those go that have come to their first stop.
  void pump(const Adopt& adopt);
  [[nodiscard]] bool any() const { return !late_.empty(); }
  /// Leaves them to the kernel, which lets them go when stent ends.
  void abandon() noexcept;

 private:
  std::vector<Tracee> late_;
};

}  // namespace stent::stop
