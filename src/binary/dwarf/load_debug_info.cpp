#include "binary/dwarf/load_debug_info.hpp"

#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/each_unit.hpp"
#include "binary/dwarf/unit_reader.hpp"

namespace stent::dwarf {
DebugInfo load_debug_info(const std::filesystem::path& path,
                          const std::vector<std::filesystem::path>& debug_roots) {
  DebugInfo info;
  TypeReader types(info);
  const DwarfFile file(path, debug_roots);
  if (file.dwarf() == nullptr) return info;
  UnitReader units(info, types);
  each_unit(file.dwarf(), path, [&](const Die& root) {
    units.declare_types(root);
    if (info.main_file.empty()) info.main_file = root.text(DW_AT_name);
  });
  each_unit(file.dwarf(), path, [&](const Die& root) { units.read(root); });
  return info;
}

}  // namespace stent::dwarf
