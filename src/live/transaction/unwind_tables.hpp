// The call frame tables of a target: of its `modules` and of the patches in it.
#pragma once

#include <vector>

#include "live/transaction/inventory.hpp"
#include "live/unwind/unwinder.hpp"

namespace stent::transaction {

[[nodiscard]] std::vector<unwind::UnwindTable> unwind_tables(const process::Process& target,
                                                             const std::vector<process::Module>& modules,
                                                             const std::vector<FoundRecord>& records);

}  // namespace stent::transaction
