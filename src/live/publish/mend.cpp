#include "live/publish/mend.hpp"

#include <algorithm>

#include "live/publish/arch_x86_64_site.hpp"

namespace stent::publish {

bool mend(process::RemoteMemory& memory, RemoteAddress entry, std::span<const Bytes> candidates) {
  for (const Bytes& candidate : candidates) {
    Bytes present(candidate.size());
    if (candidate.empty() || candidate[0] == breakpoint || !memory.try_read(entry, present)) continue;
    if (present[0] != breakpoint || !std::ranges::equal(tail(present), tail(candidate))) continue;
    memory.write(entry, ByteView(candidate).first(1));
    return true;
  }
  return false;
}

}  // namespace stent::publish
