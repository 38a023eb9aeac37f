// Taking a patch out of a target: the part that revert, upgrade and the recovery of an interrupted stent
// share.
#pragma once

#include <functional>
#include <variant>

#include "live/transaction/inventory.hpp"
#include "live/transaction/quiescence.hpp"

namespace stent::transaction {

/// Restores what every function of `victim` held before, or makes the newer patch on top of it restore that
/// later; then releases its memory. Can be called again after it was interrupted anywhere. `all` are the
/// records of the target, `victim` among them.
[[nodiscard]] std::variant<Change, Busy> take_out(stop::Session& session, const std::vector<FoundRecord>& all,
                                                  const FoundRecord& victim, const Options& options,
                                                  Deadline deadline);

/// Does `what` after a change was made: its failure is none of the change, and the next command makes up for
/// it.
void afterwards(const std::function<void()>& what);

/// For a patch that no entry leads to any more: corrects what other records remember, and unmaps its memory
/// or, where something may still lead into it after `tries` looks, keeps it as "retained".
void release(stop::Session& session, const std::vector<FoundRecord>& all, const FoundRecord& victim,
             const Options& options, int tries = 10);

/// The code of a patch.
[[nodiscard]] std::vector<unwind::CodePiece> code_of(const Record& record);

/// The part of it that stands in padding of the modules.
[[nodiscard]] std::vector<unwind::CodePiece> islands_of(const Record& record);

/// What other patches have made of the functions of `record`, whether they are applied or were reverted: a
/// thread may still be inside the code of one that left without waiting for it.
[[nodiscard]] std::vector<unwind::CodePiece> versions_of(const Record& record,
                                                         const std::vector<FoundRecord>& all);

/// The records of the patches that leave when the one of `record` comes.
[[nodiscard]] std::vector<FoundRecord*> replaced_by(const Record& record, std::vector<FoundRecord>& all);

}  // namespace stent::transaction
