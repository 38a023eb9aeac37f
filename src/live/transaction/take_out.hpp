// Taking a patch out of a target: the part that revert and the recovery of an interrupted stent share.
#pragma once

#include <variant>

#include "live/transaction/inventory.hpp"
#include "live/transaction/quiescence.hpp"

namespace stent::transaction {

/// Restores what every function of `victim` held before, or makes the newer patch on top of it restore that
/// later; then unmaps the patch, or keeps it as "retained" when something may still lead into it. Can be
/// called again after it was interrupted anywhere. `all` are the records of the target, `victim` among them.
[[nodiscard]] std::variant<Change, Busy> take_out(stop::Session& session, const std::vector<FoundRecord>& all,
                                                  const FoundRecord& victim, const Options& options,
                                                  Deadline deadline);

/// Finishes or undoes what a killed stent left in the target. Throws `busy` when threads are inside until
/// `deadline`.
void recover(const process::Process& target, const Options& options, Deadline deadline);

}  // namespace stent::transaction
