// The section headers, symbols and relocations that let readelf, objdump and gdb read a patch file.
#pragma once

#include <elf.h>

#include <string>
#include <vector>

#include "patch/layout.hpp"

namespace stent::patch {

/// A section: its header (sh_name unset until written) and, when not part of a segment, its contents.
struct Section {
  std::string name;
  Elf64_Shdr header{};
  Bytes contents;
};

/// The sections that describe segments of the images (allocated), in file order. Index 0 of the result is
/// section index `first_index` in the file.
[[nodiscard]] std::vector<Section> segment_sections(const Patch& patch, const FileLayout& layout);

/// .symtab, .strtab and one .rela.X per section with relocations, all seen from `sections`, which is the list
/// of the file so far (entry 0 is the null section).
[[nodiscard]] std::vector<Section> symbol_sections(const Patch& patch, const FileLayout& layout,
                                                   const std::vector<Section>& sections);

}  // namespace stent::patch
