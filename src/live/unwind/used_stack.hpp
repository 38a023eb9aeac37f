// The parts of memory that hold a thread's live frames.
#pragma once

#include <optional>
#include <vector>

#include "live/process/mapping.hpp"
#include "live/unwind/thread_state.hpp"

namespace stent::unwind {

struct UsedStack {
  /// From the red zone below the stack pointer to the stack's end.
  RemoteRange current;
  /// The whole home stack of a thread that runs elsewhere (alternate stack, fiber).
  std::optional<RemoteRange> home;
};

/// Empty when that cannot be told from `mappings`; they may be slightly older than the thread: what appeared
/// since then is "cannot be told".
[[nodiscard]] std::optional<UsedStack> used_stack(const ThreadState& thread,
                                                  const std::vector<process::Mapping>& mappings);

/// The dead part of the home stack `thread` runs on: below the red zone. Empty when it runs elsewhere.
[[nodiscard]] std::optional<RemoteRange> unused_stack(const ThreadState& thread,
                                                      const std::vector<process::Mapping>& mappings);

}  // namespace stent::unwind
