#include "live/process/module_memory.hpp"

#include "base/error.hpp"

namespace stent::process {

/// More than this is read as a whole, once: whoever asks for it keeps it.
constexpr std::size_t small_read = 8192;

bool ModuleMemory::try_read(RemoteAddress from, MutableByteView into) const {
  return into.size() <= small_read ? pages_.read(from, into) : memory_->try_read(from, into);
}

void ModuleMemory::read_many(std::span<ReadRequest> requests) const {
  for (ReadRequest& request : requests) request.ok = try_read(request.from, request.into);
}

void ModuleMemory::write(RemoteAddress, ByteView) {
  throw Error(ErrorCode::internal, "a write to memory that is only looked at");
}

}  // namespace stent::process
