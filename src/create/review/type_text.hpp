// Types as text, and whether two types mean the same bytes.
#pragma once

#include <string>

#include "binary/dwarf/debug_info.hpp"

namespace stent::review {

/// What a value of the type is, by kind, width and name: "signed 4", "pointer to struct a::b",
/// "array [3] of float 8". Equal text means equal representation, given that equally named types are equal.
[[nodiscard]] std::string spell(const dwarf::DebugInfo& info, dwarf::TypeId id, int depth = 0);

/// "struct a::b", "enum c"; for people and as key.
[[nodiscard]] std::string title(const dwarf::Type& type);

/// True when both lay out equal bytes through all they contain and point to, whatever the names are.
[[nodiscard]] bool same_layout(const dwarf::DebugInfo& old_info, dwarf::TypeId old_id,
                               const dwarf::DebugInfo& new_info, dwarf::TypeId new_id);

}  // namespace stent::review
