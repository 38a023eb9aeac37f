#include <algorithm>

#include "binary/model/image_builder.hpp"

namespace stent::model {

namespace {

std::optional<SymbolType> type_of(std::uint8_t type) {
  switch (type) {
    case STT_NOTYPE: return SymbolType::none;
    case STT_OBJECT:
    case STT_COMMON: return SymbolType::object;
    case STT_FUNC: return SymbolType::function;
    case STT_TLS: return SymbolType::tls;
    case STT_GNU_IFUNC: return SymbolType::ifunc;
    default: return {};
  }
}

void read_table(const elf::File& file, const elf::Section& table, Image& image) {
  std::optional<std::uint32_t> block;
  for (const elf::RawSymbol& raw : file.symbols(table)) {
    if (raw.type == STT_FILE) {
      block = static_cast<std::uint32_t>(image.files.size());
      image.files.push_back(raw.name);
      continue;
    }
    const auto type = type_of(raw.type);
    if (!type || raw.name.empty() || raw.section == SHN_UNDEF || raw.section == SHN_ABS) continue;
    ImageSymbol symbol;
    symbol.name = raw.name;
    symbol.type = *type;
    symbol.visibility = static_cast<SymbolVisibility>(raw.visibility);
    symbol.address = {raw.value};
    symbol.size = raw.size;
    if (raw.binding == STB_LOCAL)
      symbol.file = block;
    else
      symbol.binding = raw.binding == STB_WEAK ? SymbolBinding::weak : SymbolBinding::global;
    image.symbols.push_back(std::move(symbol));
  }
  // `strip --keep-file-symbols`: names of sources alone are no blocks.
  if (std::ranges::none_of(image.symbols, [](const ImageSymbol& symbol) { return symbol.file.has_value(); }))
    image.files.clear();
}

const elf::Section* table_of(const elf::File& file, std::uint32_t type) {
  for (const elf::Section& section : file.sections())
    if (section.type == type && !section.data.empty()) return &section;
  return nullptr;
}

}  // namespace

void read_image_symbols(const elf::File& file, Image& image) {
  // Everything in .dynsym is in .symtab as well, so one of the two is read.
  if (const elf::Section* table = table_of(file, SHT_SYMTAB))
    read_table(file, *table, image);
  else if (const elf::Section* dynamic = table_of(file, SHT_DYNSYM))
    read_table(file, *dynamic, image);
}

}  // namespace stent::model
