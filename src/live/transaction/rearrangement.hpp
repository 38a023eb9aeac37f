// Rearrangement: what a set of patches leaving a process, and one coming, makes of entries and records.
//
// The patches that replace one function lie on it in the order they were applied. An entry holds the jump of
// the newest; each record holds what its patch found there, so the bytes of the one below, the lowest the
// module's own. Every change is this: take some out, put one on top, and let memory hold what follows from
// the rest.
#pragma once

#include <set>
#include <vector>

#include "live/redirect/jump_write.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

struct Rearrangement {
  std::vector<redirect::JumpWrite> entries;  ///< to be made as one step, with no thread inside
  std::vector<redirect::JumpWrite> records;  ///< what records remember; after the entries
};

/// What has to be written so that the patches recorded at `leaving` are out; also when part of it has been
/// written already. Where `coming` is given, it is put on top, and what its record must remember is set.
/// Throws `mismatch` when an entry holds neither the old nor the new bytes.
[[nodiscard]] Rearrangement rearrange(const std::vector<FoundRecord>& all,
                                      const std::set<RemoteAddress>& leaving, Record* coming,
                                      const process::RemoteMemory& memory);

}  // namespace stent::transaction
