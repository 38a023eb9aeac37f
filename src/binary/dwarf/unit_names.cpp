#include "binary/dwarf/unit_names.hpp"

#include "binary/dwarf/die.hpp"
#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/entry.hpp"

namespace stent::dwarf {
namespace {

void add_variable(const Die& die, UnitNames& names) {
  const auto where = die.first_operation(DW_AT_location);
  for (const std::string& name : {linkage_name(*die.raw()), die.text(DW_AT_name)}) {
    names.variables.insert(name);
    if (where && where->atom == DW_OP_addr) names.addresses.emplace(name, LinkAddress{where->number});
  }
}

void add_below(const Die& parent, UnitNames& names) {
  parent.each_child([&](const Die& die) {
    switch (die.tag()) {
      case DW_TAG_subprogram:
        if (die.flag(DW_AT_declaration) && !die.has(DW_AT_low_pc) && !die.has(DW_AT_ranges)) return;
        names.functions.insert({linkage_name(*die.raw()), die.text(DW_AT_name)});
        return add_below(die, names);
      case DW_TAG_variable: return add_variable(die, names);
      case DW_TAG_namespace:
      case DW_TAG_lexical_block: return add_below(die, names);
      default: return;
    }
  });
}

bool is_unit(Dwarf_Die& die, const std::string& source, std::optional<LinkAddress> at) {
  const char* name = dwarf_diename(&die);
  if (name != nullptr && std::filesystem::path(name).filename() != source) return false;
  return !at || dwarf_haspc(&die, at->value) == 1;
}

}  // namespace

std::optional<UnitNames> unit_names(const std::filesystem::path& file,
                                    const std::vector<std::filesystem::path>& debug_roots,
                                    const std::string& source, std::optional<LinkAddress> at) {
  const DwarfFile debug(file, debug_roots);
  if (debug.dwarf() == nullptr) return {};
  Dwarf_CU* unit = nullptr;
  std::uint8_t type = 0;
  Dwarf_Die die, split;
  std::optional<UnitNames> names;
  while (dwarf_get_units(debug.dwarf(), unit, &unit, nullptr, &type, &die, &split) == 0) {
    if (type == DW_UT_type || type == DW_UT_partial) continue;
    const bool is_split = type == DW_UT_skeleton;
    if (is_split && dwarf_tag(&split) == DW_TAG_invalid) continue;
    if (is_split ? !is_unit(split, source, {}) || (at && dwarf_haspc(&die, at->value) != 1)
                 : !is_unit(die, source, at))
      continue;
    if (!names) names.emplace();
    add_below(Die(is_split ? split : die), *names);
  }
  return names;
}

}  // namespace stent::dwarf
