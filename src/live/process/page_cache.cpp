#include "live/process/page_cache.hpp"

#include <algorithm>

namespace stent::process {
namespace {
constexpr std::uint64_t page_size = 4096;
}

const Bytes& PageCache::page(std::uint64_t number) {
  const auto [place, is_new] = pages_.try_emplace(number);
  if (is_new) {
    Bytes bytes(page_size);
    if (memory_->try_read({number * page_size}, bytes)) place->second = std::move(bytes);
  }
  return place->second;
}

void PageCache::fetch(const std::vector<RemoteAddress>& addresses) {
  std::vector<ReadRequest> requests;
  for (const RemoteAddress at : addresses) {
    const auto [place, is_new] = pages_.try_emplace(at.value / page_size);
    if (!is_new) continue;
    place->second.resize(page_size);
    requests.push_back({{place->first * page_size}, MutableByteView(place->second), false});
  }
  memory_->read_many(requests);
  for (const ReadRequest& request : requests)
    if (!request.ok) pages_[request.from.value / page_size].clear();
}

bool PageCache::read(RemoteAddress from, MutableByteView into) {
  while (!into.empty()) {
    const Bytes& bytes = page(from.value / page_size);
    if (bytes.empty()) return false;
    const std::size_t offset = from.value % page_size;
    const std::size_t count = std::min<std::size_t>(into.size(), page_size - offset);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    into = into.subspan(count);
    from = from + static_cast<std::int64_t>(count);
  }
  return true;
}

}  // namespace stent::process
