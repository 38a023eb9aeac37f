// The static variables of one side: what they are called, and who uses them.
#pragma once

#include <map>
#include <set>
#include <string>

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// What tells variables of one unit apart: those of a function by its name, too.
[[nodiscard]] std::string key(const dwarf::Variable& variable);

/// Definitions with storage, and declarations of others' variables, by key.
[[nodiscard]] std::map<std::string, const dwarf::Variable*> variables(const Side& side);

/// `name`, a symbol as `FunctionFacts` writes it, is the variable.
[[nodiscard]] bool names(const std::string& name, const dwarf::Variable& variable);

/// Functions of the side that refer to the variable.
[[nodiscard]] std::set<std::string> users(const Side& side, const dwarf::Variable& variable);

/// Functions of the side that store to the variable, or give its address away.
[[nodiscard]] std::set<std::string> writers(const Side& side, const dwarf::Variable& variable);

/// The symbol that C++ gives a static variable of a function: "_ZZ3foovE5table"; empty for all others.
[[nodiscard]] std::string symbol_in_function(const dwarf::Variable& variable);

}  // namespace stent::review
