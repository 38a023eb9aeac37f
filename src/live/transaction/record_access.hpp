// Changing a record where it stands in the target.
#pragma once

#include "live/process/remote_memory.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

/// One write of four bytes, so that it either happened or not when stent is killed.
void set_state(process::RemoteMemory& memory, RemoteAddress record, RecordState state);

}  // namespace stent::transaction
