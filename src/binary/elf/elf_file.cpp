#include "binary/elf/elf_file.hpp"

#include <gelf.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace stent::elf {

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(path, ignored))
    throw Error(ErrorCode::bad_input, "cannot read " + path.string() + ": " + std::strerror(errno),
                "check the path and its permissions");
  in.seekg(0, std::ios::end);
  Bytes bytes(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in)
    throw Error(ErrorCode::bad_input, "cannot read " + path.string(), "check the path and its permissions");
  return bytes;
}

File::File(const std::filesystem::path& path) : path_(path), bytes_(read_file(path)) {
  if (bytes_.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0)
    throw Error(ErrorCode::bad_input, path.string() + " is not an ELF file",
                "give an object, executable or shared library");
  const auto header = load<Elf64_Ehdr>(bytes_, 0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != EM_X86_64)
    throw Error(ErrorCode::unsupported, path.string() + " is not an ELF file for 64-bit x86",
                "stent patches x86-64 programs only");
  type_ = header.e_type;
  elf_version(EV_CURRENT);
  elf_.reset(elf_memory(reinterpret_cast<char*>(bytes_.data()), bytes_.size()));
  if (!elf_) throw damaged(elf_errmsg(-1));
  read_sections();
  read_segments();
}

Error File::damaged(const std::string& what) const {
  return {ErrorCode::bad_input, path_.string() + " is damaged: " + what, "make the file again"};
}

ByteView File::at(FileOffset offset, std::uint64_t size) const {
  if (offset.value > bytes_.size() || bytes_.size() - offset.value < size)
    throw damaged("contents at " + std::to_string(offset.value) + " lie outside the file");
  return ByteView(bytes_).subspan(offset.value, size);
}

void File::read_sections() {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf_.get(), &names) != 0) throw damaged(elf_errmsg(-1));
  sections_.emplace_back();
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_.get(), scn)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(scn, &header) == nullptr) throw damaged(elf_errmsg(-1));
    const char* name = elf_strptr(elf_.get(), names, header.sh_name);
    Section section;
    section.index = static_cast<std::uint32_t>(elf_ndxscn(scn));
    section.name = name == nullptr ? "" : name;
    section.type = header.sh_type;
    section.flags = header.sh_flags;
    section.address = {header.sh_addr};
    section.offset = {header.sh_offset};
    section.size = header.sh_size;
    section.link = header.sh_link;
    section.info = header.sh_info;
    section.alignment = header.sh_addralign == 0 ? 1 : header.sh_addralign;
    section.entry_size = header.sh_entsize;
    if ((section.alignment & (section.alignment - 1)) != 0) throw damaged("alignment of " + section.name);
    if (header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL)
      section.data = at(section.offset, section.size);
    if (section.size > (std::uint64_t{1} << 40)) throw damaged("size of " + section.name);
    sections_.push_back(std::move(section));
  }
}

void File::read_segments() {
  std::size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) throw damaged(elf_errmsg(-1));
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &header) == nullptr) throw damaged(elf_errmsg(-1));
    segments_.push_back({header.p_type,
                         header.p_flags,
                         {header.p_offset},
                         {{header.p_vaddr}, header.p_memsz},
                         header.p_filesz,
                         header.p_align == 0 ? 1 : header.p_align});
  }
}

const Section* File::section(const std::string& name) const {
  for (const Section& section : sections_)
    if (section.name == name) return &section;
  return nullptr;
}

std::vector<RawSymbol> File::symbols(const Section& table) const {
  if (table.link >= sections_.size()) throw damaged("string table of " + table.name);
  const ByteView names = sections_[table.link].data;
  const Section* extended = nullptr;
  for (const Section& section : sections_)
    if (section.type == SHT_SYMTAB_SHNDX && section.link == table.index) extended = &section;
  std::vector<RawSymbol> symbols(table.data.size() / sizeof(Elf64_Sym));
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const auto raw = load<Elf64_Sym>(table.data, i * sizeof(Elf64_Sym));
    RawSymbol& symbol = symbols[i];
    if (raw.st_name >= names.size() && raw.st_name != 0) throw damaged("name of a symbol in " + table.name);
    if (raw.st_name != 0) {
      const auto* text = reinterpret_cast<const char*>(names.data()) + raw.st_name;
      symbol.name.assign(text, strnlen(text, names.size() - raw.st_name));
    }
    symbol.value = raw.st_value;
    symbol.size = raw.st_size;
    symbol.section = raw.st_shndx;
    if (raw.st_shndx == SHN_XINDEX && extended != nullptr)
      symbol.section = load<std::uint32_t>(extended->data, i * 4);
    symbol.binding = ELF64_ST_BIND(raw.st_info);
    symbol.type = ELF64_ST_TYPE(raw.st_info);
    symbol.visibility = ELF64_ST_VISIBILITY(raw.st_other);
  }
  return symbols;
}

std::vector<RawRelocation> File::relocations(const Section& table) const {
  std::vector<RawRelocation> relocations(table.data.size() / sizeof(Elf64_Rela));
  for (std::size_t i = 0; i < relocations.size(); ++i) {
    const auto raw = load<Elf64_Rela>(table.data, i * sizeof(Elf64_Rela));
    relocations[i] = {raw.r_offset, static_cast<std::uint32_t>(ELF64_R_TYPE(raw.r_info)),
                      static_cast<std::uint32_t>(ELF64_R_SYM(raw.r_info)), raw.r_addend};
  }
  return relocations;
}

namespace {

/// The contents of the NT_GNU_BUILD_ID note among `notes`; empty when there is none.
ByteView find_build_id(ByteView notes, std::uint64_t alignment) {
  const std::uint64_t mask = alignment == 8 ? 7 : 3;
  std::uint64_t at = 0;
  while (notes.size() - at >= sizeof(Elf64_Nhdr)) {
    const auto header = load<Elf64_Nhdr>(notes, at);
    const std::uint64_t name = at + sizeof header;
    const std::uint64_t contents = (name + header.n_namesz + mask) & ~mask;
    const std::uint64_t next = (contents + header.n_descsz + mask) & ~mask;
    if (contents + header.n_descsz > notes.size()) return {};
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        std::memcmp(notes.data() + name, "GNU", 4) == 0)
      return notes.subspan(contents, header.n_descsz);
    if (next <= at || next > notes.size()) break;
    at = next;
  }
  return {};
}

}  // namespace

BuildId File::build_id() const {
  ByteView found;
  for (const Section& section : sections_)
    if (section.type == SHT_NOTE && found.empty()) found = find_build_id(section.data, section.alignment);
  for (const Segment& segment : segments_)
    if (segment.type == PT_NOTE && found.empty() && segment.file_size <= bytes_.size() &&
        segment.offset.value <= bytes_.size() - segment.file_size)
      found = find_build_id(at(segment.offset, segment.file_size), segment.alignment);
  BuildId id;
  id.bytes.assign(found.begin(), found.end());
  return id;
}

}  // namespace stent::elf
