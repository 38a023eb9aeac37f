// Changing code without a stop (--no-stop), as transactions see it.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "live/redirect/jump_write.hpp"
#include "live/stop/session.hpp"
#include "live/transaction/quiescence.hpp"

namespace stent::transaction {

/// Throws `refused` when what `record` tells of cannot come or go by `writes` without a stop. Reads only.
void refuse_without_stop(const Record& record, const process::Process& target,
                         std::span<const redirect::JumpWrite> writes);

/// Makes `writes`, each on its own, with the target running. Tries until `deadline`, at least once. `records`
/// are those whose code may be on a stack. Sets `new_code_ran` when threads may be in the new code, whatever
/// comes of it. Throws the errors of publish::Published, and as publish::publish_guarded.
[[nodiscard]] std::variant<Change, Busy> change_without_stop(stop::Session& session,
                                                             const std::vector<FoundRecord>& records,
                                                             std::span<const redirect::JumpWrite> writes,
                                                             Deadline deadline, bool& new_code_ran);

/// Takes out the breakpoints that a killed stent left at entries of patches it was applying or reverting.
void mend_breakpoints(stop::Session& session, const std::vector<FoundRecord>& records);

}  // namespace stent::transaction
