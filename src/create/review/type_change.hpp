// How a type of the old build differs from the type of the same name in the new one.
#pragma once

#include <string>
#include <vector>

#include "binary/dwarf/debug_info.hpp"

namespace stent::review {

enum class TypeDifference {
  layout,          ///< size, offsets, order, widths, bases, alignment, bounds: other bytes
  virtual_table,   ///< slots
  representation,  ///< equal offsets, but a member's bits mean something else
  meaning,         ///< renamed or new member in the same bytes; changed enumerator
  addition,        ///< enumerators added, all others equal
};

struct TypeChange {
  std::string name;  ///< qualified
  dwarf::TypeId old_type, new_type;
  TypeDifference difference = TypeDifference::layout;  ///< the gravest
  std::vector<std::string> details;                    ///< each difference, for people
};

/// Changes of the types that both files define under one name, by name.
[[nodiscard]] std::vector<TypeChange> compare_types(const dwarf::DebugInfo& old_info,
                                                    const dwarf::DebugInfo& new_info);

}  // namespace stent::review
