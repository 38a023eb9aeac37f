// The steps of load_image.
#pragma once

#include "binary/elf/elf_file.hpp"
#include "binary/model/image.hpp"

namespace stent::model {

void read_segments(const elf::File& file, Image& image);       ///< segments, TLS segment, kind, soname
void read_image_symbols(const elf::File& file, Image& image);  ///< appends .symtab (with files) and .dynsym
void read_dynamic_relocations(const elf::File& file, Image& image);  ///< imports, local_got, tls_slots, ...
void read_plt(const elf::File& file, Image& image);                  ///< Import::plt; needs imports
void read_function_extents(const elf::File& file, Image& image);

}  // namespace stent::model
