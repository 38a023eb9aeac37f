// Stub: the code one entry jumps to while a change of several functions is half made.
#pragma once

#include "base/error.hpp"
#include "live/process/remote_memory.hpp"
#include "live/redirect/jump_write.hpp"

namespace stent::redirect {

/// No stub is longer.
inline constexpr std::size_t stub_limit = 208;

/// `jmp *slot`, then what the slot may lead to.
struct Stub {
  Bytes code;
  std::uint64_t old_way = 0;  ///< where what `write.before` does is done
  std::uint64_t new_way = 0;  ///< where what `write.after` does is done
};

/// The stub of `write` standing at `at`, with its slot at `slot`. Reads the code behind the entry from
/// `memory`. Throws `refused` naming the function when its first instructions cannot be moved.
[[nodiscard]] Stub make_stub(const JumpWrite& write, RemoteAddress at, RemoteAddress slot,
                             const process::RemoteMemory& memory);

[[nodiscard]] Error out_of_reach(const JumpWrite& write);

}  // namespace stent::redirect
