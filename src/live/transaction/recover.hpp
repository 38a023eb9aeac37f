// Finishing or undoing what a killed stent left in a target, and freeing what an earlier command had to keep.
#pragma once

#include "live/process/process.hpp"
#include "live/transaction/quiescence.hpp"

namespace stent::transaction {

/// Does nothing where nothing was left. Returns the mappings of the target as they are then. Throws `busy`
/// when threads are inside until `deadline`.
[[nodiscard]] std::vector<process::Mapping> recover(const process::Process& target, const Options& options,
                                                    Deadline deadline);

/// After a change: does away with what a thread that a killed stent had borrowed made while the change went
/// on.
void recover_afterwards(const process::Process& target, const Options& options, Deadline deadline);

}  // namespace stent::transaction
