#include "live/unwind/without.hpp"

#include <algorithm>

namespace stent::unwind {

std::vector<RemoteRange> without(std::span<const RemoteRange> from, std::span<const RemoteRange> holes) {
  std::vector<RemoteRange> left;
  std::size_t first = 0;
  for (const RemoteRange& range : from) {
    RemoteAddress at = range.begin;
    while (first < holes.size() && holes[first].end() <= at) ++first;
    for (std::size_t i = first; i < holes.size() && holes[i].begin < range.end(); ++i) {
      if (holes[i].begin > at) left.push_back({at, static_cast<std::uint64_t>(holes[i].begin - at)});
      at = std::max(at, holes[i].end());
    }
    if (at < range.end()) left.push_back({at, static_cast<std::uint64_t>(range.end() - at)});
  }
  return left;
}

}  // namespace stent::unwind
