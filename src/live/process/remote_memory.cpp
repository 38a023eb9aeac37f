#include "live/process/remote_memory.hpp"

#include <cinttypes>
#include <cstdio>

namespace stent::process {

void RemoteMemory::read(RemoteAddress from, MutableByteView into) const {
  if (try_read(from, into)) return;
  char where[32];
  std::snprintf(where, sizeof where, "0x%" PRIx64, from.value);
  throw Error(ErrorCode::mismatch,
              "the target's memory at " + std::string(where) + " (" + std::to_string(into.size()) +
                  " bytes) cannot be read",
              "the target unmapped it meanwhile, or it is not what was expected; try again");
}

Bytes RemoteMemory::read(RemoteAddress from, std::uint64_t size) const {
  Bytes bytes(size);
  read(from, MutableByteView(bytes));
  return bytes;
}

}  // namespace stent::process
