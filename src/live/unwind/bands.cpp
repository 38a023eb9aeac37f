#include "live/unwind/bands.hpp"

#include <algorithm>

namespace stent::unwind {

Bands::Bands(std::span<const RemoteRange> ranges) {
  std::vector<Band> sorted;
  for (const RemoteRange& range : ranges) sorted.push_back({range.begin.value, range.size});
  std::ranges::sort(sorted, {}, &Band::low);
  const auto join = [&](std::size_t i) {
    Band& left = sorted[i];
    const Band& right = sorted[i + 1];
    left.span = std::max(left.span, right.low + right.span - left.low);
    sorted.erase(sorted.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  };
  const auto gap = [&](std::size_t i) {
    const std::uint64_t end = sorted[i].low + sorted[i].span;
    return sorted[i + 1].low > end ? sorted[i + 1].low - end : 0;
  };
  constexpr std::uint64_t near = 1U << 20U;
  for (std::size_t i = 0; i + 1 < sorted.size();) gap(i) <= near ? join(i) : static_cast<void>(++i);
  while (sorted.size() > most) {
    std::size_t smallest = 0;
    for (std::size_t i = 1; i + 1 < sorted.size(); ++i)
      if (gap(i) < gap(smallest)) smallest = i;
    join(smallest);
  }
  count_ = sorted.size();
  std::ranges::copy(sorted, bands_.begin());
}

}  // namespace stent::unwind
