// Why a patch is what it is: what changed, what came along, and what everything is bound to.
#pragma once

#include <string>
#include <vector>

#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

struct Explanation {
  /// A function that is replaced, added or gone.
  struct Function {
    std::string unit, name;
    std::string kind;                ///< "changed", "added", "removed"
    std::string difference;          ///< the first one: offset and both instructions, or which reference
    std::string old_line, new_line;  ///< "file:line" of it, where the objects have line information
  };
  /// Something that is carried because of a changed function.
  struct Companion {
    std::string unit, name;
    std::vector<std::string> chain;  ///< from the changed function to what refers to it, names
    bool is_literal = false;         ///< a string, a constant or a table without a name
  };
  /// Something outside of the patch that it refers to.
  struct Reference {
    std::string module, name;
    std::string from;      ///< a function or variable of the patch that refers to it
    std::string where;     ///< the binding, in words
    std::string evidence;  ///< why that is the right thing
  };
  std::vector<Function> functions;
  std::vector<Companion> companions;
  std::vector<Reference> references;
};

/// Adds what `units`, bound to the module `module`, tell. Functions and companions are added for units that
/// were not added before.
void explain(const std::vector<ChosenUnit>& chosen, const std::vector<bind::BoundUnit>& units,
             const std::string& module, Explanation& explanation);

}  // namespace stent::create
