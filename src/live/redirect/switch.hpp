// Switch: a change of code that is old for every thread or new for every thread, at any instant stent may be
// killed.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "live/redirect/jump_write.hpp"
#include "live/redirect/transit.hpp"

namespace stent::redirect {

class Switch {
 public:
  /// Changes nothing.
  Switch() = default;
  /// Writes that lie in one page, or need not be seen together.
  explicit Switch(std::vector<JumpWrite> writes) : writes_(std::move(writes)) {}
  /// Writes in several pages, by way of a transit that is mapped already and was planned for them.
  Switch(std::vector<JumpWrite> writes, Transit transit);

  [[nodiscard]] std::span<const JumpWrite> writes() const { return writes_; }
  [[nodiscard]] const std::optional<Transit>& transit() const { return transit_; }

  /// Has the copy-on-write of every page to be written happen now. The target may run.
  void touch(process::RemoteMemory& memory) const;
  /// The first write whose place does not hold what it expects; null when all do.
  [[nodiscard]] const JumpWrite* first_changed(const process::RemoteMemory& memory) const;
  /// All or nothing; the whole target must be stopped, and no thread inside what is overwritten.
  void make(process::RemoteMemory& memory) const;

 private:
  std::vector<JumpWrite> writes_;
  std::optional<Transit> transit_;
  std::vector<JumpWrite> to_stubs_, from_stubs_;
};

/// True when an entry still jumps to a stub of `transit`.
[[nodiscard]] bool in_use(const Transit& transit, const process::RemoteMemory& memory);

/// What is left to write to finish or to undo, as was decided, what a killed stent began. Each write by
/// itself keeps old and new apart.
[[nodiscard]] std::vector<JumpWrite> left_to_do(const Transit& transit, const process::RemoteMemory& memory);

}  // namespace stent::redirect
