#include "create/only_copies.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace stent::create {
namespace {

bool has_locals(const model::Image& target) {
  return std::ranges::any_of(target.symbols, [&](const model::ImageSymbol& symbol) {
    return symbol.file && !target.files[*symbol.file].empty();
  });
}

/// Global names that no other unit can define as well.
std::unordered_set<std::string_view> own_names(const model::Object& object) {
  std::unordered_set<std::string_view> names;
  for (const model::Symbol& symbol : object.symbols)
    if (symbol.binding == model::SymbolBinding::global && symbol.definition &&
        !object[symbol.definition->atom].in_group)
      names.insert(symbol.name);
  return names;
}

bool is_copied_from_a_library(const model::Image& target, const model::ImageSymbol& symbol) {
  return std::ranges::any_of(target.imports,
                             [&](const model::Import& import) { return import.copy == symbol.address; });
}

bool was_linked_without(const model::Image& target, const model::Object& object) {
  const auto names = own_names(object);
  if (names.empty()) return false;
  const auto is_of_object = [&](const std::string& file) { return bind::is_block_of(file, object); };
  if (std::ranges::any_of(target.files, is_of_object)) return false;
  return std::ranges::none_of(target.symbols, [&](const model::ImageSymbol& symbol) {
    return names.contains(symbol.name) && !is_copied_from_a_library(target, symbol);
  });
}

using Copies = std::map<std::string, LinkAddress>;

Copies matched_copies(const ChosenUnit& unit) {
  const model::Object& object = *unit.unit->old_object;
  Copies copies;
  for (std::size_t i = 0; i < unit.match.functions.size(); ++i)
    if (const auto& match = unit.match.functions[i])
      copies.emplace(object[object.functions[i].symbol].name, match->parts.front().code.begin);
  return copies;
}

bool has_only_members_of_groups(const ChosenUnit& unit) {
  const model::Object& object = *unit.unit->old_object;
  for (std::size_t i = 0; i < unit.match.functions.size(); ++i)
    if (unit.match.functions[i] && !object[object.functions[i].entry].in_group) return false;
  return true;
}

}  // namespace

std::vector<std::string> take_out_only_copies(std::vector<ChosenUnit>& units, const model::Image& target) {
  if (!has_locals(target)) return {};
  std::vector<std::string> sources;
  std::set<std::pair<std::string, LinkAddress>> accounted;
  std::set<const ComparedUnit*> without;
  for (const ChosenUnit& unit : units) {
    if (has_only_members_of_groups(unit) && was_linked_without(target, *unit.unit->old_object))
      without.insert(unit.unit);
    else
      for (const auto& copy : matched_copies(unit)) accounted.insert(copy);
  }
  std::erase_if(units, [&](const ChosenUnit& unit) {
    const bool is_out =
        without.contains(unit.unit) && std::ranges::all_of(matched_copies(unit), [&](const auto& copy) {
          return accounted.contains(std::pair(copy.first, copy.second));
        });
    if (is_out) sources.push_back(unit.unit->pair.source);
    return is_out;
  });
  return sources;
}

}  // namespace stent::create
