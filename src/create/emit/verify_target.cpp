#include <algorithm>
#include <set>

#include "create/bind/find_islands.hpp"
#include "create/emit/self_verify.hpp"
#include "patch/assign_islands.hpp"

namespace stent::emit {
namespace {

[[noreturn]] void wrong(const std::string& what) { throw Error(ErrorCode::internal, "self-verify: " + what); }

void verify_extent(const patch::ReplacedFunction& function, const patch::Extent& extent,
                   const model::Image& target) {
  const model::ImageSegment* segment = target.segment_of(extent.range.begin);
  if (segment == nullptr || !segment->executable) wrong(function.name + " lies outside the target's code");
  if (target.read(extent.range.begin, extent.range.size) != extent.pre_image)
    wrong("the pre-image of " + function.name + " is not what the target holds");
  for (const LinkRange& other : target.function_extents)
    if (extent.range.contains(other.begin) && other.begin != extent.range.begin)
      wrong("an extent of " + function.name + " reaches into another function");
}

/// Found again, so that none was lost or moved.
void verify_islands(const patch::ReplacedFunction& function, const model::Image& target) {
  const auto found = patch::needs_island(function) ? bind::find_islands(target, function.extents[0].range)
                                                   : std::vector<patch::Extent>();
  if (found != function.islands) wrong("the islands of " + function.name + " are not those of the target");
}

/// Each once: units may share a COMDAT function.
std::set<LinkAddress> entries_of(const std::vector<bind::BoundUnit>& units) {
  std::set<LinkAddress> entries;
  for (const bind::BoundUnit& unit : units)
    for (const bind::BoundFunction& function : unit.replaced)
      entries.insert(function.extents.at(0).range.begin);
  return entries;
}

}  // namespace

void verify_target(const patch::Image& image, const std::vector<bind::BoundUnit>& units,
                   const model::Image& target) {
  if (image.module != target.build_id) wrong("the image is for another build");
  std::set<LinkAddress> replaced;
  for (const patch::ReplacedFunction& function : image.replaced) {
    if (!replaced.insert(function.entry()).second) wrong(function.name + " is replaced twice");
    for (const patch::Extent& extent : function.extents) verify_extent(function, extent, target);
    verify_islands(function, target);
  }
  if (replaced != entries_of(units)) wrong("the replaced functions are not those that changed");
}

}  // namespace stent::emit
