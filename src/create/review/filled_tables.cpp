#include "create/review/filled_tables.hpp"

#include <algorithm>

#include "create/review/names.hpp"

namespace stent::review {
namespace {

std::string variable_of(const Access& access) {
  return access.place.substr(0, access.place.find_first_of("+["));
}

/// Something else than zeroes: a number of its own, or a constant that the compiler keeps for it.
bool stores_something(const FunctionFacts& facts) {
  return std::ranges::any_of(
             facts.constants,
             [](const auto& constant) { return constant.first == Use::stored && constant.second != 0; }) ||
         std::ranges::any_of(
             facts.accesses,
             [](const Access& access) {
               constexpr unsigned widest_number = 8;  // what a wide register holds is not known
               return access.is_written && access.stored != "{0}" && access.size <= widest_number;
             }) ||
         std::ranges::any_of(facts.names,
                             [](const std::string& name) { return name.starts_with(".rodata"); });
}

bool is_writable(const ReviewedUnit& unit, const std::string& name) {
  return std::ranges::any_of(unit.before.debug.variables, [&](const dwarf::Variable& variable) {
    return variable.linkage_name == name && !variable.is_const;
  });
}

}  // namespace

bool fills_tables_by_itself(const ReviewedUnit& unit, const FunctionPair& pair) {
  const FunctionFacts& facts = *pair.before;
  if (pair.old_declaration == nullptr || !pair.old_declaration->parameters.empty()) return false;
  if (!std::ranges::all_of(facts.calls,
                           [](const Call& call) { return keeps_nothing(plain_name(call.name)); }))
    return false;
  if (!stores_something(facts)) return false;
  std::set<std::string> filled;
  std::map<std::string, std::set<std::int64_t>> places;
  constexpr std::size_t fewest = 4;
  for (const Access& access : facts.accesses) {
    if (!access.is_static && !access.place.starts_with('?')) return false;
    if (!access.is_written || !access.is_static) continue;
    const std::string table = variable_of(access);
    places[table].insert(access.offset);
    if (access.place.ends_with("[]") || places[table].size() >= fewest) filled.insert(table);
  }
  const auto is_other = [&](const Access& access) {
    return access.is_read && !access.is_written && access.is_static && !filled.contains(variable_of(access));
  };
  const bool reads_others = std::ranges::any_of(facts.accesses, [&](const Access& access) {
    return is_other(access) && is_writable(unit, variable_of(access));
  });
  return !filled.empty() && !reads_others && std::ranges::any_of(filled, [&](const std::string& table) {
    return std::ranges::any_of(unit.before.facts, [&](const auto& entry) {
      return entry.first != facts.name && entry.second.names.contains(table);
    });
  });
}

}  // namespace stent::review
