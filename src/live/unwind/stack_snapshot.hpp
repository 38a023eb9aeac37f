// StackSnapshot: a stopped thread's registers and the memory of its used stack, as they were.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "live/unwind/thread_state.hpp"

namespace stent::unwind {

struct StackPart {
  RemoteAddress at;
  Bytes bytes;

  [[nodiscard]] RemoteRange range() const { return {at, bytes.size()}; }
};

struct StackSnapshot {
  ThreadState thread;
  StackPart current;              ///< from below the stack pointer upwards
  std::optional<StackPart> home;  ///< of a thread that runs elsewhere

  [[nodiscard]] bool holds(RemoteAddress at) const {
    return current.range().contains(at) || (home && home->range().contains(at));
  }
  /// False when a byte is not part of the snapshot.
  [[nodiscard]] bool read(RemoteAddress from, MutableByteView into) const;
  /// True when `other` is the same thread with the same registers and stack contents, so that what is known
  /// of one holds for the other. What a system call returns does not count: the thread is still inside.
  [[nodiscard]] bool same_as(const StackSnapshot& other) const;
};

}  // namespace stent::unwind
