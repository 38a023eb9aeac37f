#include <algorithm>
#include <cstring>

#include "binary/model/image_builder.hpp"

namespace stent::model {

namespace {

/// DT_SONAME and DF_1_PIE from the dynamic section.
void read_dynamic(const elf::File& file, Image& image) {
  for (const elf::Section& section : file.sections()) {
    if (section.type != SHT_DYNAMIC || section.link >= file.sections().size()) continue;
    const ByteView names = file.sections()[section.link].data;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.data.size(); at += sizeof(Elf64_Dyn)) {
      const auto entry = load<Elf64_Dyn>(section.data, at);
      if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0) image.is_executable = true;
      if (entry.d_tag == DT_SYMBOLIC || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_SYMBOLIC) != 0))
        image.is_symbolic = true;
      if (entry.d_tag != DT_SONAME || entry.d_un.d_val >= names.size()) continue;
      const auto* text = reinterpret_cast<const char*>(names.data()) + entry.d_un.d_val;
      image.soname.assign(text, strnlen(text, names.size() - entry.d_un.d_val));
    }
  }
}

}  // namespace

void read_segments(const elf::File& file, Image& image) {
  image.is_position_independent = file.type() == ET_DYN;
  image.is_executable = file.type() == ET_EXEC;
  bool has_loader = false;
  for (const elf::Segment& segment : file.segments()) {
    if (segment.type == PT_INTERP) has_loader = image.is_executable = true;
    if (segment.type == PT_TLS) {
      image.tls_segment = segment.memory;
      image.tls_alignment = segment.alignment;
    }
    if (segment.type != PT_LOAD) continue;
    if (segment.file_size > segment.memory.size) throw file.damaged("a segment");
    const ByteView bytes = file.at(segment.offset, segment.file_size);
    image.segments.push_back({segment.memory, segment.offset, Bytes(bytes.begin(), bytes.end()),
                              (segment.flags & PF_R) != 0, (segment.flags & PF_W) != 0,
                              (segment.flags & PF_X) != 0});
  }
  read_dynamic(file, image);
  image.is_static = image.is_executable && !has_loader;
}

const ImageSegment* Image::segment_of(LinkAddress at) const {
  for (const ImageSegment& segment : segments)
    if (segment.memory.contains(at)) return &segment;
  return nullptr;
}

std::optional<Bytes> Image::read(LinkAddress at, std::uint64_t size) const {
  const ImageSegment* segment = segment_of(at);
  if (segment == nullptr) return {};
  const auto offset = static_cast<std::uint64_t>(at - segment->memory.begin);
  if (segment->memory.size - offset < size) return {};
  Bytes bytes(size);
  if (offset < segment->bytes.size()) {
    const std::uint64_t count = std::min<std::uint64_t>(size, segment->bytes.size() - offset);
    std::memcpy(bytes.data(), segment->bytes.data() + offset, count);
  }
  return bytes;
}

}  // namespace stent::model
