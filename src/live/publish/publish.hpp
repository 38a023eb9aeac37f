// Publishing jumps from a guarded process: the whole room in one call.
#pragma once

#include "live/publish/publisher.hpp"

namespace stent::publish {

/// Throws `refused` where `writes` cannot be published in `target`: as `plan_sites`, and where the process
/// handles or ignores SIGTRAP, which a breakpoint would disturb.
void require_publishable(const process::Process& target, std::span<const redirect::JumpWrite> writes);

/// `Publisher::publish` in a process of its own (`run_guarded`), with `tables` for unwinding. When that is
/// killed, the breakpoints it left are put right at once, and `internal` is thrown.
[[nodiscard]] Published publish_guarded(const process::Process& target,
                                        std::span<const redirect::JumpWrite> writes,
                                        const std::vector<unwind::UnwindTable>& tables,
                                        Watch::Clock::time_point deadline);

}  // namespace stent::publish
