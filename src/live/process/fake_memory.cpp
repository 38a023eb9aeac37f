#include "live/process/fake_memory.hpp"

#include <algorithm>

namespace stent::process {

void FakeMemory::map(RemoteAddress at, Bytes bytes) { regions_[at] = std::move(bytes); }

bool FakeMemory::try_read(RemoteAddress from, MutableByteView into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const RemoteAddress at = from + static_cast<std::int64_t>(done);
    auto region = regions_.upper_bound(at);
    if (region == regions_.begin()) return false;
    --region;
    const auto inside = static_cast<std::uint64_t>(at - region->first);
    if (inside >= region->second.size()) return false;
    const std::size_t count = std::min(into.size() - done, region->second.size() - inside);
    std::memcpy(into.data() + done, region->second.data() + inside, count);
    done += count;
  }
  return true;
}

void FakeMemory::read_many(std::span<ReadRequest> requests) const {
  for (ReadRequest& request : requests) request.ok = try_read(request.from, request.into);
}

void FakeMemory::write(RemoteAddress to, ByteView bytes) {
  Bytes before(bytes.size());
  if (!try_read(to, before))
    throw Error(ErrorCode::mismatch, "write to memory that is not mapped", "try again");
  for (std::size_t done = 0; done < bytes.size();) {
    const RemoteAddress at = to + static_cast<std::int64_t>(done);
    auto region = std::prev(regions_.upper_bound(at));
    const auto inside = static_cast<std::uint64_t>(at - region->first);
    const std::size_t count = std::min(bytes.size() - done, region->second.size() - inside);
    std::memcpy(region->second.data() + inside, bytes.data() + done, count);
    done += count;
  }
}

}  // namespace stent::process
