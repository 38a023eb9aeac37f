#include "create/compare_units.hpp"

#include <fmt/core.h>

namespace stent::create {

std::vector<ComparedUnit> compare_units(const std::vector<compile::ObjectPair>& pairs,
                                        std::vector<std::string>& notes, std::set<std::string>& sources) {
  std::vector<ComparedUnit> units;
  for (const compile::ObjectPair& pair : pairs) {
    ComparedUnit unit{pair, std::make_unique<model::Object>(model::load_object(pair.old_object)),
                      std::make_unique<model::Object>(model::load_object(pair.new_object)), nullptr};
    sources.insert(unit.old_object->source);
    unit.changes = std::make_unique<diff::ChangeSet>(diff::compare(*unit.old_object, *unit.new_object));
    if (unit.changes->nothing_changed())
      notes.push_back(fmt::format("{}: nothing changed in its code", pair.source));
    else
      units.push_back(std::move(unit));
  }
  return units;
}

}  // namespace stent::create
