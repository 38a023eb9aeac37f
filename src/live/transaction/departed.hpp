// Functions that a patch replaced in a library which has left the process since (dlclose).
#pragma once

#include <vector>

#include "live/process/module.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

/// Sets `departed` of those functions in `records` (oldest first, as found) whose module is not among
/// `modules`, or was loaded anew: of an applied patch whose redirect is not there, but what the module itself
/// has.
void mark_departed(std::vector<FoundRecord>& records, const std::vector<process::Module>& modules,
                   const process::RemoteMemory& memory);

/// The records among `mappings`, just read, with what has departed marked.
[[nodiscard]] std::vector<FoundRecord> find_marked_records(const process::Process& target,
                                                           const std::vector<process::Mapping>& mappings);

/// True of a patch that is applied, and nothing of what it replaced is in the process any more.
[[nodiscard]] bool has_departed(const FoundRecord& found);
/// Some of it is not.
[[nodiscard]] bool has_partly_departed(const FoundRecord& found);

}  // namespace stent::transaction
