// What an entry of the debug information says of the function it describes, itself or by the entries it
// refers to.
#pragma once

#include <elfutils/libdw.h>

#include <string>

namespace stent::dwarf {

/// Its linkage name, or its name where it has none; may be empty.
[[nodiscard]] std::string linkage_name(Dwarf_Die& die);

/// The path of the file that declares it; empty when unknown (dwarf_decl_file aborts in a unit without
/// files).
[[nodiscard]] std::string declaring_file(Dwarf_Die& die);

}  // namespace stent::dwarf
