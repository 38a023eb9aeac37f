#include "patch/rules.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "binary/arch/x86_64/jump.hpp"
#include "patch/page.hpp"

namespace stent::patch {
namespace {

/// One image of a patch and how to complain about it.
class ImageRules {
 public:
  ImageRules(const Patch& patch, const Image& image, ErrorCode code)
      : patch_(patch), image_(image), code_(code) {}

  void check() const {
    for (const Image& other : patch_.images)
      require(&other == &image_ || other.module != image_.module, "two images for one build");
    require(!image_.module.empty() && image_.module.bytes.size() <= 64, "the build-id of its module");
    check_segments();
    check_bindings();
    check_relocations();
    check_replaced();
    check_variables();
    require(image_.eh_frame.size == 0 || inside(image_.eh_frame, SegmentKind::constants), "its .eh_frame");
    require(image_.eh_frame_hdr.size == 0 || inside(image_.eh_frame_hdr, SegmentKind::constants),
            "its .eh_frame_hdr");
    for (const PatchSymbol& symbol : image_.symbols)
      require(in_window(symbol.address, symbol.size), "symbol '" + symbol.name + "'");
    for (const Hook& hook : image_.hooks)
      require(inside({hook.address, 1}, SegmentKind::code), "hook '" + hook.name + "'");
  }

 private:
  void require(bool kept, const std::string& what) const {
    if (kept) return;
    throw Error(code_, "the patch is inconsistent: " + what + " (image of " + image_.module_name + ")",
                "the patch is damaged or was made by a faulty tool; make it again");
  }

  [[nodiscard]] bool in_window(PatchAddress at, std::uint64_t size) const {
    const std::uint64_t window = image_.window_size();
    return at.value <= window && size <= window - at.value;
  }

  [[nodiscard]] bool inside(PatchRange range, SegmentKind kind) const {
    return std::any_of(image_.segments.begin(), image_.segments.end(), [&](const Segment& segment) {
      if (segment.kind != kind || range.begin < segment.address) return false;
      const std::uint64_t from = range.begin.value - segment.address.value;
      return from <= segment.bytes.size() && range.size <= segment.bytes.size() - from;
    });
  }

  void check_segments() const {
    std::uint64_t end = 0;
    for (const Segment& segment : image_.segments) {
      require(segment.address.value % page_size == 0, "a segment that is not page-aligned");
      require(segment.address.value >= end, "segments that overlap or are out of order");
      require(segment.memory_size > 0 && segment.bytes.size() <= segment.memory_size,
              "the size of a segment");
      require(segment.address.value <= largest_window &&
                  segment.memory_size <= largest_window - segment.address.value,
              "a segment outside the largest window");
      end = page_up(segment.address.value + segment.memory_size);
    }
  }

  void check_bindings() const {
    for (const Binding& binding : image_.bindings) {
      if (const auto* other = std::get_if<OtherImage>(&binding.where)) {
        require(other->image < patch_.images.size(),
                "binding '" + binding.name + "' to an image that is not there");
        require(other->address.value <= patch_.images[other->image].window_size(),
                "binding '" + binding.name + "' outside its image");
      }
      if (const auto* own = std::get_if<OwnImage>(&binding.where))
        require(in_window(own->address, 0), "binding '" + binding.name + "' outside the image");
      if (const auto* other = std::get_if<OtherModule>(&binding.where))
        require(!other->module.empty() && other->module.bytes.size() <= 64,
                "binding '" + binding.name + "' to a module without a build-id");
    }
  }

  void check_relocations() const {
    const Relocation* before = nullptr;
    for (const Relocation& relocation : image_.relocations) {
      require(relocation.binding < image_.bindings.size(), "a relocation without a binding");
      require(before == nullptr || before->place < relocation.place, "relocations out of order");
      const PatchRange first_byte{relocation.place, 1};
      require(inside(first_byte, SegmentKind::code) || inside(first_byte, SegmentKind::constants) ||
                  inside(first_byte, SegmentKind::data),
              "a relocation outside the segments");
      before = &relocation;
    }
  }

  void check_replaced() const {
    std::vector<LinkRange> taken;
    for (const ReplacedFunction& function : image_.replaced) {
      const std::string name = "function '" + function.name + "'";
      require(!function.extents.empty(), name + " without an extent");
      for (const Extent& extent : function.extents) {
        require(extent.range.size > 0 && extent.range.size == extent.pre_image.size(),
                "pre-image of " + name);
        require(extent.range.begin.value <= std::numeric_limits<std::uint64_t>::max() - extent.range.size,
                "extent of " + name);
        taken.push_back(extent.range);
      }
      check_load_time(function, name);
      check_islands(function, name);
      require(!function.new_extents.empty() && function.new_extents.front().begin == function.replacement,
              "replacement of " + name);
      for (const PatchRange& range : function.new_extents)
        require(range.size > 0 && inside(range, SegmentKind::code), "replacement of " + name);
    }
    std::sort(taken.begin(), taken.end());
    for (std::size_t i = 1; i < taken.size(); ++i)
      require(taken[i - 1].end() <= taken[i].begin, "two replaced functions share bytes");
  }

  void check_variables() const {
    std::uint64_t end = 0;
    for (const NewVariable& variable : image_.variables) {
      const bool is_in_data = std::ranges::any_of(image_.segments, [&](const Segment& segment) {
        const PatchRange memory{segment.address, segment.memory_size};
        return segment.kind == SegmentKind::data && memory.contains(variable.address) &&
               variable.size <= static_cast<std::uint64_t>(memory.end() - variable.address);
      });
      require(is_in_data && variable.size > 0 && variable.address.value >= end,
              "place of variable '" + variable.identity + "'");
      require(std::has_single_bit(variable.alignment) && variable.address.value % variable.alignment == 0,
              "alignment of variable '" + variable.identity + "'");
      end = variable.address.value + variable.size;
    }
  }

  void check_islands(const ReplacedFunction& function, const std::string& name) const {
    for (const Extent& island : function.islands) {
      require(island.range.size == x86_64::near_jump_size && island.pre_image.size() == island.range.size,
              "size of an island of " + name);
      require(x86_64::short_jump(function.entry().value, island.range.begin.value).has_value() &&
                  page_of(island.range.begin) == page_of(function.entry()) &&
                  page_of(island.range.end() - 1) == page_of(function.entry()),
              "place of an island of " + name);
    }
  }

  static std::uint64_t page_of(LinkAddress at) { return at.value / page_size; }

  void check_load_time(const ReplacedFunction& function, const std::string& name) const {
    std::uint64_t end = 0;
    for (const LoadTimeField& field : function.load_time) {
      require(field.place.value >= end &&
                  std::ranges::any_of(function.extents,
                                      [&](const Extent& extent) { return field.is_inside(extent.range); }),
              "a load-time field of " + name);
      end = field.place.value + LoadTimeField::size;
    }
  }

  const Patch& patch_;
  const Image& image_;
  ErrorCode code_;
};

}  // namespace

void check_rules(const Patch& patch, ErrorCode code) {
  for (const Image& image : patch.images) ImageRules(patch, image, code).check();
  for (const DebugSection& section : patch.debug)
    if (!section.name.starts_with(".debug_"))
      throw Error(code, "the patch is inconsistent: section " + section.name + " is no debugging information",
                  "the patch is damaged or was made by a faulty tool; make it again");
}

}  // namespace stent::patch
