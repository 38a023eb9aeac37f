#include "patch/assign_islands.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::patch {

bool needs_island(const ReplacedFunction& function) {
  return function.extents.at(0).range.size < x86_64::near_jump_size;
}

std::vector<std::optional<Extent>> assign_islands(
    const Image& image, const std::function<bool(std::size_t, const Extent&)>& is_free) {
  std::vector<LinkRange> taken;
  std::vector<std::size_t> short_ones;
  for (std::size_t i = 0; i < image.replaced.size(); ++i) {
    for (const Extent& extent : image.replaced[i].extents) taken.push_back(extent.range);
    if (needs_island(image.replaced[i])) short_ones.push_back(i);
  }
  // Who has the least choice chooses first.
  std::ranges::stable_sort(short_ones, {}, [&](std::size_t i) { return image.replaced[i].islands.size(); });
  std::vector<std::optional<Extent>> assigned(image.replaced.size());
  for (const std::size_t i : short_ones) {
    const ReplacedFunction& function = image.replaced[i];
    const auto found = std::ranges::find_if(function.islands, [&](const Extent& island) {
      const auto overlaps = [&](const LinkRange& range) { return range.overlaps(island.range); };
      return std::ranges::none_of(taken, overlaps) && is_free(i, island);
    });
    if (found == function.islands.end())
      throw Error(ErrorCode::refused,
                  function.name + " has " + std::to_string(function.extents[0].range.size) +
                      " bytes, a jump needs " + std::to_string(x86_64::near_jump_size) +
                      ", and no padding near it is free to hold one",
                  "revert a patch that uses that padding, or replace the callers of the function instead");
    taken.push_back(found->range);
    assigned[i] = *found;
  }
  return assigned;
}

}  // namespace stent::patch
