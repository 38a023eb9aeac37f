#include "binary/dwarf/header_functions.hpp"

#include <dwarf.h>

#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/entry.hpp"

namespace stent::dwarf {
namespace {

/// Strikes out what is declared in `main`, below `parent`.
void strike_out(Dwarf_Die& parent, const std::string& main, std::set<std::string>& functions) {
  Dwarf_Die die;
  if (dwarf_child(&parent, &die) != 0) return;
  do {
    const int tag = dwarf_tag(&die);
    if (tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type)
      strike_out(die, main, functions);
    if (tag != DW_TAG_subprogram || dwarf_hasattr(&die, DW_AT_declaration) != 0) continue;
    if (std::filesystem::path(declaring_file(die)).filename() == main) functions.erase(linkage_name(die));
  } while (dwarf_siblingof(&die, &die) == 0);
}

}  // namespace

std::set<std::string> header_functions(const std::filesystem::path& object, std::set<std::string> functions) {
  const DwarfFile file(object, {});
  if (file.dwarf() == nullptr) return functions;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (!functions.empty() &&
         dwarf_get_units(file.dwarf(), unit, &unit, nullptr, nullptr, &die, nullptr) == 0)
    if (const char* name = dwarf_diename(&die); name != nullptr)
      strike_out(die, std::filesystem::path(name).filename(), functions);
  return functions;
}

}  // namespace stent::dwarf
