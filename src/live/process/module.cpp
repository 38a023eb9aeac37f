#include "live/process/module.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace stent::process {
namespace {

constexpr std::size_t max_program_headers = 512;
constexpr std::uint64_t max_note_size = 1 << 20;

Permissions permissions_of(const Elf64_Phdr& header) {
  return {(header.p_flags & PF_R) != 0, (header.p_flags & PF_W) != 0, (header.p_flags & PF_X) != 0, false};
}

std::optional<Elf64_Ehdr> read_elf_header(const RemoteMemory& memory, RemoteAddress at) {
  Elf64_Ehdr header;
  if (!memory.try_read(at, std::as_writable_bytes(std::span(&header, 1)))) return std::nullopt;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return std::nullopt;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > max_program_headers)
    return std::nullopt;
  return header;
}

std::uint64_t aligned(std::uint64_t size, std::uint64_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

/// The build-id among the notes of one PT_NOTE segment, if it is there (ELF gABI, "Note Section").
BuildId build_id_in(ByteView notes, std::uint64_t alignment) {
  std::uint64_t at = 0;
  while (at <= notes.size() && notes.size() - at >= sizeof(Elf64_Nhdr)) {
    const auto note = load<Elf64_Nhdr>(notes, at);
    const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
    const std::uint64_t contents_at = at + aligned(sizeof(Elf64_Nhdr) + note.n_namesz, alignment);
    const std::uint64_t end = contents_at + note.n_descsz;
    if (end > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof ELF_NOTE_GNU &&
        std::memcmp(notes.data() + name_at, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
      BuildId id;
      id.bytes.resize(note.n_descsz);
      std::copy_n(notes.data() + contents_at, note.n_descsz, id.bytes.data());
      return id;
    }
    at = contents_at + aligned(note.n_descsz, alignment);
  }
  return {};
}

BuildId read_build_id(const RemoteMemory& memory, const Module& module,
                      const std::vector<Elf64_Phdr>& headers) {
  BuildId id;
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type != PT_NOTE || header.p_filesz > max_note_size) continue;
    Bytes notes(header.p_filesz);
    if (!memory.try_read(module.bias.to_remote(LinkAddress{header.p_vaddr}), notes)) continue;
    id = build_id_in(notes, header.p_align == 8 ? 8 : 4);
    if (!id.empty()) break;
  }
  return id;
}

/// The bias that puts the first loaded segment, which holds the ELF header, at `header_at`.
std::optional<LoadBias> find_bias(const std::vector<Elf64_Phdr>& headers, RemoteAddress header_at) {
  for (const Elf64_Phdr& header : headers)
    if (header.p_type == PT_LOAD && header.p_offset == 0) return LoadBias{header_at.value - header.p_vaddr};
  return std::nullopt;
}

void place(Module& module, const Elf64_Phdr& header) {
  const LinkRange link{{header.p_vaddr}, header.p_memsz};
  switch (header.p_type) {
    case PT_LOAD:
      module.segments.push_back({module.bias.to_remote(link),
                                 link.begin,
                                 {header.p_offset},
                                 header.p_filesz,
                                 permissions_of(header)});
      break;
    case PT_GNU_EH_FRAME: module.eh_frame_hdr = module.bias.to_remote(link); break;
    case PT_DYNAMIC: module.dynamic = module.bias.to_remote(link); break;
    case PT_TLS: module.tls = link; break;
    default: break;
  }
}

/// An image that was merely mapped to be read (a locale tool, a debugger) has its header but no code in
/// place.
bool is_loaded(const Module& module, const std::vector<Mapping>& mappings) {
  return std::any_of(module.segments.begin(), module.segments.end(), [&](const Segment& segment) {
    if (!segment.permissions.execute) return false;
    const Mapping* mapping = find_mapping(mappings, segment.range.begin);
    return mapping != nullptr && mapping->permissions.execute;
  });
}

}  // namespace

RemoteRange Module::extent() const {
  if (segments.empty()) return {header, 0};
  RemoteAddress begin = segments.front().range.begin;
  RemoteAddress end = segments.front().range.end();
  for (const Segment& segment : segments) {
    begin = std::min(begin, segment.range.begin);
    end = std::max(end, segment.range.end());
  }
  return {begin, static_cast<std::uint64_t>(end - begin)};
}

bool Module::contains(RemoteAddress at) const {
  return std::any_of(segments.begin(), segments.end(),
                     [at](const Segment& segment) { return segment.range.contains(at); });
}

std::optional<Module> describe_module(const RemoteMemory& memory, RemoteAddress header_at) {
  const auto elf = read_elf_header(memory, header_at);
  if (!elf) return std::nullopt;
  std::vector<Elf64_Phdr> headers(elf->e_phnum);
  if (!memory.try_read(header_at + static_cast<std::int64_t>(elf->e_phoff),
                       std::as_writable_bytes(std::span(headers))))
    return std::nullopt;
  const auto bias = find_bias(headers, header_at);
  if (!bias) return std::nullopt;
  Module module;
  module.header = header_at;
  module.elf_type = elf->e_type;
  module.bias = *bias;
  for (const Elf64_Phdr& header : headers) place(module, header);
  module.build_id = read_build_id(memory, module, headers);
  return module;
}

namespace {

bool may_start_image(const Mapping& mapping) {
  return mapping.offset.value == 0 && mapping.permissions.read &&
         (mapping.inode != 0 || mapping.name == "[vdso]");
}

}  // namespace

std::vector<Module> find_modules(const std::vector<Mapping>& mappings, const ModuleMemory& memory,
                                 RemoteAddress program_headers) {
  std::vector<RemoteAddress> images;
  for (const Mapping& mapping : mappings)
    if (may_start_image(mapping)) images.push_back(mapping.range.begin);
  memory.fetch(images);  // most of what describes a module stands in its first page
  std::vector<Module> modules;
  std::vector<RemoteAddress> dynamic;
  for (const Mapping& mapping : mappings) {
    if (!may_start_image(mapping)) continue;
    auto module = describe_module(memory, mapping.range.begin);
    if (!module || !is_loaded(*module, mappings)) continue;
    module->name = mapping.name;
    module->is_executable = program_headers.value != 0 && module->contains(program_headers);
    if (module->dynamic) dynamic.push_back(module->dynamic->begin);
    modules.push_back(std::move(*module));
  }
  memory.fetch(dynamic);  // whoever looks for a symbol begins there
  return modules;
}

}  // namespace stent::process
