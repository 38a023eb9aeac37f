#include "create/bind/brought_globals.hpp"

#include <algorithm>

namespace stent::bind {

std::set<std::string> brought_globals(const std::vector<BoundUnit>& units) {
  std::set<std::string> names;
  for (const BoundUnit& unit : units)
    for (const model::Symbol& symbol : unit.new_object->symbols)
      if (symbol.binding != model::SymbolBinding::local && symbol.definition &&
          std::ranges::binary_search(unit.selected, symbol.definition->atom))
        names.insert(symbol.name);
  return names;
}

}  // namespace stent::bind
