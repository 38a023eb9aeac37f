#include "binary/dwarf/load_debug_info.hpp"

#include "base/error.hpp"
#include "binary/dwarf/dwarf_file.hpp"
#include "binary/dwarf/unit_reader.hpp"

namespace stent::dwarf {
namespace {

/// Visits the root entry of every unit.
template <class Visit>
void each_unit(Dwarf* dwarf, const std::filesystem::path& path, Visit visit) {
  Dwarf_CU* unit = nullptr;
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die root, sub;
  while (true) {
    const int status = dwarf_get_units(dwarf, unit, &unit, &version, &type, &root, &sub);
    if (status == 1) return;
    if (status < 0)
      throw Error(ErrorCode::bad_input,
                  path.string() + ": its debug information is damaged: " + dwarf_errmsg(-1),
                  "build the file again with -g");
    visit(Die(root));
  }
}

}  // namespace

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
