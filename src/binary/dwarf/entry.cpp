#include "binary/dwarf/entry.hpp"

#include <dwarf.h>

namespace stent::dwarf {
namespace {

std::string text_of(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute found;
  if (dwarf_attr_integrate(&die, attribute, &found) == nullptr) return {};
  const char* text = dwarf_formstring(&found);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

std::string linkage_name(Dwarf_Die& die) {
  std::string name = text_of(die, DW_AT_linkage_name);
  return name.empty() ? text_of(die, DW_AT_name) : name;
}

std::string declaring_file(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (dwarf_formudata(dwarf_attr_integrate(&die, DW_AT_decl_file, &attribute), &number) != 0) return {};
  Dwarf_Die unit;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_cu_die(attribute.cu, &unit, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) == nullptr ||
      dwarf_getsrcfiles(&unit, &files, &count) != 0 || number >= count)
    return {};
  const char* path = dwarf_filesrc(files, number, nullptr, nullptr);
  return path == nullptr ? std::string() : std::string(path);
}

}  // namespace stent::dwarf
