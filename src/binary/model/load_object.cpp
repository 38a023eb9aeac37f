#include <array>
#include <fstream>

#include "binary/model/object_builder.hpp"

namespace stent::model {

namespace {

constexpr const char* link_time_hint =
    "make the patch from the source (--patch with the build's command), or give the objects that the link "
    "makes of it: gcc -flto-partition=one -ffunction-sections -fdata-sections "
    "-save-temps leaves *.ltrans0.ltrans.o, lld --lto-obj-path=FILE writes them";

bool is_bitcode(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 4> magic{};
  in.read(magic.data(), magic.size());
  return in && magic == std::array<char, 4>{'B', 'C', '\xc0', '\xde'};
}

/// gcc -flto without -ffat-lto-objects: sections of intermediate code and no other.
bool holds_only_intermediate_code(const elf::File& file) {
  bool has_intermediate = false, has_machine_code = false;
  for (const elf::Section& section : file.sections()) {
    has_intermediate = has_intermediate || section.name.rfind(".gnu.lto_", 0) == 0;
    has_machine_code = has_machine_code || ((section.flags & SHF_EXECINSTR) != 0 && section.size != 0);
  }
  return has_intermediate && !has_machine_code;
}

}  // namespace

Object load_object(const std::filesystem::path& path) {
  if (is_bitcode(path))
    throw Error(ErrorCode::bad_input,
                path.string() + " holds a compiler's intermediate code (-flto), no machine code",
                link_time_hint);
  const elf::File file(path);
  if (file.type() != ET_REL)
    throw Error(ErrorCode::bad_input, path.string() + " is not a relocatable object",
                "give a .o file made with -ffunction-sections -fdata-sections (and without -flto)");
  if (holds_only_intermediate_code(file))
    throw Error(ErrorCode::bad_input,
                path.string() + " holds a compiler's intermediate code (-flto), no machine code",
                link_time_hint);
  ObjectBuilder builder{file};
  builder.object.path = path;
  for (const elf::Section& section : file.sections())
    if (section.type == SHT_SYMTAB) builder.raw_symbols = file.symbols(section);
  if (builder.raw_symbols.empty())
    throw Error(ErrorCode::bad_input, path.string() + " has no symbol table",
                "give an object that is not stripped");
  read_atoms(builder);
  read_symbols(builder);
  read_fields(builder);
  read_references(builder);
  read_functions(builder);
  read_frames(builder);
  return std::move(builder.object);
}

}  // namespace stent::model
