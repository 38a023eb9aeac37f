// What a patch that comes has to do with those that are there: variables they share, registers they rely on.
#pragma once

#include <set>
#include <vector>

#include "live/process/module.hpp"
#include "live/resolve/resolved_patch.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

/// The new static data that applied patches use, oldest first, of modules that are still loaded.
[[nodiscard]] std::vector<resolve::EarlierVariable> earlier_variables(
    const std::vector<FoundRecord>& records, const std::vector<process::Module>& modules);

/// Fills `variables` and `relies_on` of the record of `patch`.
void record_lineage(Record& record, const patch::Patch& patch, const resolve::ResolvedPatch& resolved,
                    const std::vector<process::Module>& modules);

/// Throws `refused` when a variable that `coming` goes on with holds an address in the code of a patch that
/// leaves: through it the old code would still be called.
void refuse_ways_back(const Record& coming, const std::vector<FoundRecord>& records,
                      const std::set<RemoteAddress>& leaving, const process::RemoteMemory& memory);

/// Throws `refused` when the code of one patch relies on registers that a function of another destroys: those
/// at `leaving` do not count, nor patches of which `coming` replaces every function.
void refuse_reliance(const Record& coming, const std::vector<FoundRecord>& records,
                     const std::set<RemoteAddress>& leaving);

}  // namespace stent::transaction
