#include "patch/elf_notes.hpp"

#include <elf.h>

#include <algorithm>
#include <optional>

namespace stent::patch {
namespace {

[[noreturn]] void damaged(const std::string& what) {
  throw Error(ErrorCode::bad_input, "not a patch, or a damaged one: " + what,
              "give a file made by `stent create` (NAME.stent)");
}

std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

std::optional<ByteView> find_in(ByteView notes, std::string_view owner, std::uint32_t type) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    const auto header = load<Elf64_Nhdr>(notes, 0);
    notes = notes.subspan(sizeof(Elf64_Nhdr));
    const std::size_t name_size = padded(header.n_namesz);
    if (name_size > notes.size() || header.n_descsz > notes.size() - name_size) return {};
    const ByteView description = notes.subspan(name_size, header.n_descsz);
    const bool same_owner = header.n_namesz == owner.size() + 1 &&
                            std::equal(owner.begin(), owner.end(), notes.begin(),
                                       [](char c, std::byte b) { return static_cast<std::byte>(c) == b; }) &&
                            notes[owner.size()] == std::byte{0};
    if (same_owner && header.n_type == type) return description;
    notes = notes.subspan(std::min(notes.size(), name_size + padded(header.n_descsz)));
  }
  return {};
}

}  // namespace

ByteView find_note(ByteView contents, std::string_view owner, std::uint32_t type) {
  const auto header = load<Elf64_Ehdr>(contents, 0);
  if (!std::equal(ELFMAG, &ELFMAG[SELFMAG], header.e_ident) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64 || header.e_type != ET_DYN ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    damaged("it is not an x86-64 ELF file of the right kind");
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    if (header.e_phoff > contents.size()) damaged("its program headers lie outside the file");
    const auto program = load<Elf64_Phdr>(contents, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (program.p_type != PT_NOTE) continue;
    if (program.p_offset > contents.size() || program.p_filesz > contents.size() - program.p_offset)
      damaged("a note lies outside the file");
    if (const auto found = find_in(contents.subspan(program.p_offset, program.p_filesz), owner, type))
      return *found;
  }
  damaged("it has no note of '" + std::string(owner) + "'");
}

}  // namespace stent::patch
