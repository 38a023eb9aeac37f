// Going through the units of a file of debug information.
#pragma once

#include <filesystem>

#include "base/error.hpp"
#include "binary/dwarf/die.hpp"

namespace stent::dwarf {

/// Visits the root entry of every unit. Throws `bad_input` for damaged input; `path` is for the message.
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

}  // namespace stent::dwarf
