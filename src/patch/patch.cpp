#include "patch/patch.hpp"

#include <algorithm>

#include "patch/page.hpp"

namespace stent::patch {

std::uint64_t Image::window_size() const {
  std::uint64_t end = 0;
  for (const Segment& segment : segments)
    end = std::max(
        end, segment.address.value + std::max<std::uint64_t>(segment.memory_size, segment.bytes.size()));
  return page_up(end);
}

}  // namespace stent::patch
