// Planning a transit: stubs for every function of a change, and free memory for them.
#pragma once

#include <span>
#include <vector>

#include "live/process/process.hpp"
#include "live/redirect/jump_write.hpp"
#include "live/redirect/transit.hpp"

namespace stent::redirect {

/// A transit and what its memory must hold before it can be used.
struct PlannedTransit {
  Transit transit;
  Bytes head;
  std::vector<Bytes> stubs;  ///< one for each range of `transit.stubs`
};

/// Plans the transit of `writes` into memory that is free in `target`. Reads only. Throws `refused` naming
/// the function whose first instructions cannot be moved.
[[nodiscard]] PlannedTransit plan_transit(std::span<const JumpWrite> writes, const process::Process& target);

}  // namespace stent::redirect
