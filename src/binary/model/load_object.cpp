#include "binary/model/object_builder.hpp"

namespace stent::model {

Object load_object(const std::filesystem::path& path) {
  const elf::File file(path);
  if (file.type() != ET_REL)
    throw Error(ErrorCode::bad_input, path.string() + " is not a relocatable object",
                "give a .o file made with -ffunction-sections -fdata-sections (and without -flto)");
  ObjectBuilder builder{file};
  builder.object.path = path;
  for (const elf::Section& section : file.sections())
    if (section.type == SHT_SYMTAB) builder.raw_symbols = file.symbols(section);
  if (builder.raw_symbols.empty())
    throw Error(ErrorCode::bad_input, path.string() + " has no symbol table",
                "give an object that is not stripped");
  read_atoms(builder);
  read_symbols(builder);
  read_references(builder);
  read_functions(builder);
  read_frames(builder);
  return std::move(builder.object);
}

}  // namespace stent::model
