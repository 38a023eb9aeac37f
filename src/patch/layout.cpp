#include "patch/layout.hpp"

#include <elf.h>

#include "patch/page.hpp"

namespace stent::patch {

constexpr std::uint64_t debug_alignment = 8;

std::size_t image_with_frames(const Patch& patch) {
  std::size_t index = 0;
  while (index < patch.images.size() && patch.images[index].eh_frame_hdr.size == 0) ++index;
  return index;
}

FileLayout lay_out(const Patch& patch) {
  FileLayout layout;
  // The headers' own PT_LOAD, two PT_NOTE, PT_GNU_STACK.
  layout.program_headers = 4;
  for (const Image& image : patch.images) layout.program_headers += image.segments.size();
  if (image_with_frames(patch) < patch.images.size()) ++layout.program_headers;
  layout.build_id_note = {sizeof(Elf64_Ehdr) + layout.program_headers * sizeof(Elf64_Phdr)};
  layout.build_id_note_size = sizeof(Elf64_Nhdr) + sizeof "GNU" + identity_size;
  layout.headers_size = layout.build_id_note.value + layout.build_id_note_size;

  std::uint64_t offset = layout.headers_size;
  std::uint64_t window = page_up(layout.headers_size);
  for (const Image& image : patch.images) {
    ImageLayout& place = layout.images.emplace_back();
    place.window = {window};
    window += image.window_size() + page_size;
    for (const Segment& segment : image.segments) {
      offset = page_up(offset);
      place.segments.push_back({offset});
      offset += segment.bytes.size();
    }
    for (const ReplacedFunction& function : image.replaced)
      for (const auto* extents : {&function.extents, &function.islands})
        for (const Extent& extent : *extents) layout.pre_images_size += extent.pre_image.size();
  }
  layout.pre_images = {offset};
  offset += layout.pre_images_size;
  for (const DebugSection& section : patch.debug) {
    offset = (offset + debug_alignment - 1) / debug_alignment * debug_alignment;
    layout.debug.push_back({offset});
    offset += section.bytes.size();
  }
  return layout;
}

}  // namespace stent::patch
