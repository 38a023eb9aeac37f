// Asking the resolver of an indirect function (IFUNC) in the target what it chooses, as a dynamic loader
// would.
#pragma once

#include <vector>

#include "live/transaction/inventory.hpp"

namespace stent::transaction {

/// Calls `resolver` on a borrowed thread; x86-64 passes it nothing (glibc's elf_ifunc_invoke). `records` are
/// those whose code may be on a stack. Throws `refused` when it faults or chooses what is no code of a
/// module, and `busy` when no thread can be borrowed or it does not return.
[[nodiscard]] RemoteAddress ask_resolver(const process::Process& target,
                                         const std::vector<FoundRecord>& records, RemoteAddress resolver);

}  // namespace stent::transaction
