// The parts of memory that hold a thread's live frames.
#pragma once

#include <optional>
#include <vector>

#include "live/process/mapping.hpp"
#include "live/unwind/thread_state.hpp"

namespace stent::unwind {

/// The used part of the stack `thread` runs on, from the red zone below its stack pointer to the stack's end,
/// and its whole home stack when it runs elsewhere (alternate stack, fiber). Empty when that cannot be told
/// from `mappings`; they may be slightly older than the thread: what appeared since then is "cannot be told".
[[nodiscard]] std::optional<std::vector<RemoteRange>> used_stack(
    const ThreadState& thread, const std::vector<process::Mapping>& mappings);

/// The dead part of the home stack `thread` runs on: below the red zone. Empty when it runs elsewhere.
[[nodiscard]] std::optional<RemoteRange> unused_stack(const ThreadState& thread,
                                                      const std::vector<process::Mapping>& mappings);

}  // namespace stent::unwind
