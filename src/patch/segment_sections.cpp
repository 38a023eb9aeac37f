#include <algorithm>

#include "patch/sections.hpp"

namespace stent::patch {
namespace {

struct Naming {
  const char* name;
  std::uint64_t flags;
};

Naming naming_of(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::code: return {".text", SHF_ALLOC | SHF_EXECINSTR};
    case SegmentKind::constants: return {".rodata", SHF_ALLOC};
    case SegmentKind::data: return {".data", SHF_ALLOC | SHF_WRITE};
  }
  throw Error(ErrorCode::internal, "unknown kind of segment");
}

/// Cuts one segment into sections at the borders of the frame tables.
class Cutter {
 public:
  Cutter(const Image& image, const ImageLayout& place, std::string suffix, std::vector<Section>& out)
      : image_(image), place_(place), suffix_(std::move(suffix)), out_(out) {}

  void cut(std::size_t index) {
    const Segment& segment = image_.segments[index];
    const Naming naming = naming_of(segment.kind);
    const PatchRange whole{segment.address, segment.bytes.size()};
    PatchAddress at = whole.begin;
    for (const PatchRange& frames : frame_ranges_in(whole)) {
      add(index, {at, distance(at, frames.begin)}, naming.name, naming.flags, SHT_PROGBITS);
      const char* name = frames == image_.eh_frame ? ".eh_frame" : ".eh_frame_hdr";
      add(index, frames, name, SHF_ALLOC, SHT_PROGBITS);
      at = frames.end();
    }
    add(index, {at, distance(at, whole.end())}, naming.name, naming.flags, SHT_PROGBITS);
    if (segment.memory_size > segment.bytes.size())
      add(index, {whole.end(), segment.memory_size - segment.bytes.size()},
          segment.kind == SegmentKind::data ? ".bss" : ".padding", naming.flags, SHT_NOBITS);
  }

 private:
  static std::uint64_t distance(PatchAddress from, PatchAddress to) {
    return to > from ? to.value - from.value : 0;
  }

  [[nodiscard]] std::vector<PatchRange> frame_ranges_in(PatchRange whole) const {
    std::vector<PatchRange> found;
    for (const PatchRange& range : {image_.eh_frame, image_.eh_frame_hdr})
      if (range.size > 0 && whole.contains(range.begin)) found.push_back(range);
    std::sort(found.begin(), found.end());
    if (found.size() == 2 && found[0].overlaps(found[1])) found.pop_back();
    return found;
  }

  void add(std::size_t index, PatchRange range, const std::string& name, std::uint64_t flags,
           std::uint32_t type) {
    if (range.size == 0) return;
    Section section;
    section.name = name + suffix_;
    section.header.sh_type = type;
    section.header.sh_flags = flags;
    section.header.sh_addr = place_.window.value + range.begin.value;
    section.header.sh_offset =
        place_.segments[index].value + (range.begin.value - image_.segments[index].address.value);
    section.header.sh_size = range.size;
    section.header.sh_addralign = alignment_of(section.header.sh_addr);
    out_.push_back(std::move(section));
  }

  static std::uint64_t alignment_of(std::uint64_t address) {
    std::uint64_t alignment = 1;
    while (alignment < 64 && address % (alignment * 2) == 0) alignment *= 2;
    return alignment;
  }

  const Image& image_;
  const ImageLayout& place_;
  std::string suffix_;
  std::vector<Section>& out_;
};

}  // namespace

std::vector<Section> segment_sections(const Patch& patch, const FileLayout& layout) {
  std::vector<Section> sections;
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    Cutter cutter(patch.images[i], layout.images[i], i == 0 ? "" : "." + std::to_string(i), sections);
    for (std::size_t s = 0; s < patch.images[i].segments.size(); ++s) cutter.cut(s);
  }
  return sections;
}

}  // namespace stent::patch
