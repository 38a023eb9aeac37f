// The parts of memory that hold a thread's live frames.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "live/process/mapping.hpp"
#include "live/unwind/glibc_thread.hpp"
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

/// What `unused_stack` looks at of a thread's control block, from its thread pointer.
inline constexpr std::uint64_t control_block_size = glibc_thread::end;

/// The dead part of the home stack `thread` runs on: below the red zone, down to where its stack begins,
/// which glibc notes in its control block. `control_block` is what was read at the thread pointer; not needed
/// of the first thread. Empty when the thread runs elsewhere, or where its stack begins cannot be told: other
/// stacks may be below, in the same mapping.
[[nodiscard]] std::optional<RemoteRange> unused_stack(const ThreadState& thread,
                                                      const std::vector<process::Mapping>& mappings,
                                                      ByteView control_block);

}  // namespace stent::unwind
