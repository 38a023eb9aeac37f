#include "live/transaction/record_access.hpp"

namespace stent::transaction {

void set_state(process::RemoteMemory& memory, RemoteAddress record, RecordState state) {
  const auto value = static_cast<std::uint32_t>(state);
  memory.write(record + static_cast<std::int64_t>(record_state_offset), std::as_bytes(std::span(&value, 1)));
}

}  // namespace stent::transaction
