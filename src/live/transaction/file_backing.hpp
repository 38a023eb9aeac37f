// The patch file as what a target maps the patch from, so that maps, perf and others name its code by the
// file.
#pragma once

#include <string>
#include <vector>

#include "live/inject/remote_caller.hpp"
#include "live/transaction/record.hpp"
#include "patch/patch.hpp"

namespace stent::transaction {

/// Gives those of `pieces` that hold segments of `present`, the images of `whole` that are in the target,
/// their places in the file of `whole`. `pieces` ends with them, in order.
void back_by_file(std::vector<RecordedPiece>& pieces, const patch::Patch& whole, const patch::Patch& present);

/// The target's descriptor of `file`. Throws `refused` when the target, which may have another root or other
/// rights, does not see the file that stent sees there.
[[nodiscard]] int open_in_target(inject::RemoteCaller& caller, Pid pid, const std::string& file);

}  // namespace stent::transaction
