#include "create/compare_units.hpp"

#include <fmt/core.h>

#include "base/parallel.hpp"

namespace stent::create {
namespace {

ComparedUnit compare_pair(const compile::ObjectPair& pair) {
  ComparedUnit unit{pair, std::make_unique<model::Object>(model::load_object(pair.old_object)),
                    std::make_unique<model::Object>(model::load_object(pair.new_object)), nullptr};
  unit.changes = std::make_unique<diff::ChangeSet>(diff::compare(*unit.old_object, *unit.new_object));
  return unit;
}

}  // namespace

std::vector<ComparedUnit> compare_units(const std::vector<compile::ObjectPair>& pairs, unsigned jobs,
                                        std::vector<std::string>& notes, std::set<std::string>& sources) {
  std::vector<std::optional<ComparedUnit>> changed(pairs.size());
  std::vector<std::string> compiled_from(pairs.size());
  for_each_index(pairs.size(), jobs, [&](std::size_t i) {
    ComparedUnit unit = compare_pair(pairs[i]);
    compiled_from[i] = unit.old_object->source;
    // New data without a changed function is for other units to use.
    if (!unit.changes->nothing_changed() || !unit.changes->selected.empty()) changed[i] = std::move(unit);
  });
  sources.insert(compiled_from.begin(), compiled_from.end());
  std::vector<ComparedUnit> units;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (changed[i])
      units.push_back(std::move(*changed[i]));
    else
      notes.push_back(fmt::format("{}: nothing changed in its code", pairs[i].source));
  }
  return units;
}

}  // namespace stent::create
