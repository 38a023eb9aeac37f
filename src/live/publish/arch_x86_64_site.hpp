// Site: one entry at which a jump is published, or taken back, while threads run through it.
#pragma once

#include <span>
#include <vector>

#include "live/redirect/jump_write.hpp"

namespace stent::publish {

/// `int3`: one byte, so that whoever executes the entry meets the old instruction, this one, or the new one.
inline constexpr std::byte breakpoint{0xcc};

struct Site {
  redirect::JumpWrite write;
  /// Where a thread that meets the breakpoint goes on: to where the old bytes jump, else to where the new
  /// ones do, so that nothing has to be emulated.
  RemoteAddress route;
  bool leads_to_new = false;  ///< `route` does, already before the jump is written

  /// Where a thread stands that has executed the breakpoint.
  [[nodiscard]] RemoteAddress after_breakpoint() const { return write.entry + 1; }
};

/// The sites of `writes`. Throws `refused`, naming the function, where a thread that sleeps or is suspended
/// could go on inside the bytes to be overwritten: its first instructions call, or its entry holds a
/// breakpoint already.
[[nodiscard]] std::vector<Site> plan_sites(std::span<const redirect::JumpWrite> writes);

/// The bytes of `write` behind the first one.
[[nodiscard]] inline ByteView tail(const Bytes& bytes) { return ByteView(bytes).subspan(1); }

}  // namespace stent::publish
