#include "patch/elf_writer.hpp"

#include <elf.h>

#include <algorithm>
#include <string_view>

#include "patch/metadata.hpp"
#include "patch/page.hpp"
#include "patch/sections.hpp"

namespace stent::patch {
namespace {

template <class T>
void append(Bytes& to, const T& value) {
  const ByteView bytes = as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void align(Bytes& file, std::size_t alignment) {
  file.resize((file.size() + alignment - 1) / alignment * alignment);
}

Bytes note(std::string_view owner_with_nul, std::uint32_t type, ByteView description) {
  Bytes bytes;
  append(bytes, Elf64_Nhdr{static_cast<Elf64_Word>(owner_with_nul.size()),
                           static_cast<Elf64_Word>(description.size()), type});
  append(bytes, as_bytes(owner_with_nul));
  align(bytes, 4);
  append(bytes, description);
  align(bytes, 4);
  return bytes;
}

std::uint32_t flags_of(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::code: return PF_R | PF_X;
    case SegmentKind::constants: return PF_R;
    case SegmentKind::data: return PF_R | PF_W;
  }
  throw Error(ErrorCode::internal, "unknown kind of segment");
}

Elf64_Phdr program_header(std::uint32_t type, std::uint32_t flags, std::uint64_t offset,
                          std::uint64_t address, std::uint64_t file_size, std::uint64_t memory_size,
                          std::uint64_t alignment) {
  return {type, flags, offset, address, address, file_size, memory_size, alignment};
}

class Writer {
 public:
  Writer(const Patch& patch, const BuildId& id) : patch_(patch), layout_(lay_out(patch)), id_(id) {}

  Bytes write() {
    file_.resize(layout_.headers_size);
    write_build_id();
    write_segments();
    write_pre_images();
    write_debug();
    write_metadata();
    write_sections();
    write_headers();
    return std::move(file_);
  }

 private:
  void write_build_id() {
    const Bytes bytes = note(std::string_view("GNU", 4), NT_GNU_BUILD_ID, id_.bytes);
    std::copy(bytes.begin(), bytes.end(),
              file_.begin() + static_cast<std::ptrdiff_t>(layout_.build_id_note.value));
    add_section(".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, layout_.build_id_note.value, bytes.size(), 4);
    sections_.back().header.sh_addr = layout_.build_id_note.value;
  }

  void write_segments() {
    for (std::size_t i = 0; i < patch_.images.size(); ++i)
      for (std::size_t s = 0; s < patch_.images[i].segments.size(); ++s) {
        file_.resize(layout_.images[i].segments[s].value);
        append(file_, ByteView(patch_.images[i].segments[s].bytes));
      }
    for (Section& section : segment_sections(patch_, layout_)) sections_.push_back(std::move(section));
  }

  void write_pre_images() {
    for (const Image& image : patch_.images)
      for (const ReplacedFunction& function : image.replaced)
        for (const auto* extents : {&function.extents, &function.islands})
          for (const Extent& extent : *extents) append(file_, ByteView(extent.pre_image));
    if (layout_.pre_images_size > 0)
      add_section(".stent.pre_images", SHT_PROGBITS, 0, layout_.pre_images.value, layout_.pre_images_size, 1);
  }

  void write_debug() {
    for (std::size_t i = 0; i < patch_.debug.size(); ++i) {
      file_.resize(layout_.debug[i].value);
      append(file_, ByteView(patch_.debug[i].bytes));
      add_section(patch_.debug[i].name, SHT_PROGBITS, 0, layout_.debug[i].value, patch_.debug[i].bytes.size(),
                  1);
    }
  }

  void write_metadata() {
    align(file_, 8);
    const std::string json = to_json(patch_, layout_);
    const Bytes bytes =
        note(std::string_view(note_owner, sizeof note_owner), metadata_note_type, as_bytes(json));
    add_section(".note.stent", SHT_NOTE, 0, file_.size(), bytes.size(), 4);
    append(file_, ByteView(bytes));
  }

  void write_sections() {
    for (Section& section : symbol_sections(patch_, layout_, sections_)) {
      align(file_, 8);
      section.header.sh_offset = file_.size();
      section.header.sh_size = section.contents.size();
      append(file_, ByteView(section.contents));
      sections_.push_back(std::move(section));
    }
    add_section(".shstrtab", SHT_STRTAB, 0, file_.size(), 0, 1);
    std::string names(1, '\0');
    for (std::size_t i = 1; i < sections_.size(); ++i) {
      sections_[i].header.sh_name = static_cast<Elf64_Word>(names.size());
      names.append(sections_[i].name).push_back('\0');
    }
    sections_.back().header.sh_size = names.size();
    append(file_, as_bytes(names));
    align(file_, 8);
    section_headers_ = file_.size();
    for (const Section& section : sections_) append(file_, section.header);
  }

  void write_headers() {
    Bytes headers;
    append(headers, elf_header());
    append(headers,
           program_header(PT_LOAD, PF_R, 0, 0, layout_.headers_size, layout_.headers_size, page_size));
    for (std::size_t i = 0; i < patch_.images.size(); ++i)
      for (std::size_t s = 0; s < patch_.images[i].segments.size(); ++s) {
        const Segment& segment = patch_.images[i].segments[s];
        append(headers, program_header(PT_LOAD, flags_of(segment.kind), layout_.images[i].segments[s].value,
                                       layout_.images[i].window.value + segment.address.value,
                                       segment.bytes.size(), segment.memory_size, page_size));
      }
    append(headers, program_header(PT_NOTE, PF_R, layout_.build_id_note.value, layout_.build_id_note.value,
                                   layout_.build_id_note_size, layout_.build_id_note_size, 4));
    const auto metadata = std::find_if(sections_.begin(), sections_.end(),
                                       [](const Section& section) { return section.name == ".note.stent"; });
    append(headers,
           program_header(PT_NOTE, PF_R, metadata->header.sh_offset, 0, metadata->header.sh_size, 0, 4));
    append_frame_header(headers);
    append(headers, program_header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 16));
    std::copy(headers.begin(), headers.end(), file_.begin());
  }

  void append_frame_header(Bytes& headers) const {
    const std::size_t index = image_with_frames(patch_);
    if (index == patch_.images.size()) return;
    const Image& image = patch_.images[index];
    for (std::size_t s = 0; s < image.segments.size(); ++s) {
      const PatchRange bytes{image.segments[s].address, image.segments[s].bytes.size()};
      if (!bytes.contains(image.eh_frame_hdr.begin)) continue;
      const std::uint64_t inside = image.eh_frame_hdr.begin.value - bytes.begin.value;
      append(headers, program_header(PT_GNU_EH_FRAME, PF_R, layout_.images[index].segments[s].value + inside,
                                     layout_.images[index].window.value + image.eh_frame_hdr.begin.value,
                                     image.eh_frame_hdr.size, image.eh_frame_hdr.size, 4));
    }
  }

  [[nodiscard]] Elf64_Ehdr elf_header() const {
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_shoff = section_headers_;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(layout_.program_headers);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(sections_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(sections_.size() - 1);
    return header;
  }

  void add_section(std::string name, std::uint32_t type, std::uint64_t flags, std::uint64_t offset,
                   std::uint64_t size, std::uint64_t alignment) {
    Section section;
    section.name = std::move(name);
    section.header.sh_type = type;
    section.header.sh_flags = flags;
    section.header.sh_offset = offset;
    section.header.sh_size = size;
    section.header.sh_addralign = alignment;
    sections_.push_back(std::move(section));
  }

  const Patch& patch_;
  FileLayout layout_;
  const BuildId& id_;
  Bytes file_;
  std::vector<Section> sections_{1};
  std::uint64_t section_headers_ = 0;
};

}  // namespace

Bytes write_elf(const Patch& patch, const BuildId& id) { return Writer(patch, id).write(); }

}  // namespace stent::patch
