#include "create/review/statics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stent::review {

using dwarf::Variable;

std::string key(const Variable& variable) {
  return variable.function.empty() ? variable.name : variable.function + "." + variable.name;
}

std::map<std::string, const Variable*> variables(const Side& side) {
  std::map<std::string, const Variable*> all;
  for (const Variable& variable : side.debug.variables) {
    if (variable.linkage_name.empty()) continue;  // clang describes literals so
    const Variable*& known = all[key(variable)];
    if (known == nullptr || (!known->has_address && variable.has_address)) known = &variable;
  }
  return all;
}

std::string symbol_in_function(const Variable& variable) {
  const std::string plain = variable.name.substr(variable.name.rfind(':') + 1);
  if (!variable.function.starts_with("_Z")) return {};
  return fmt::format("_Z{}E{}{}", variable.function.substr(1), plain.size(), plain);
}

bool names(const std::string& name, const Variable& variable) {
  const std::string& symbol = variable.linkage_name;
  const std::string inner = symbol_in_function(variable);
  return name == symbol || name == symbol + ".#" || (!inner.empty() && name == inner) ||
         name == variable.function + "." + symbol;
}

std::set<std::string> users(const Side& side, const Variable& variable) {
  std::set<std::string> found;
  for (const auto& [name, facts] : side.facts)
    if (std::ranges::any_of(facts.names, [&](const std::string& used) { return names(used, variable); }))
      found.insert(name);
  return found;
}

std::set<std::string> writers(const Side& side, const Variable& variable) {
  const auto is_it = [&](const std::string& place) {
    return names(place.substr(0, place.find_first_of("+[")), variable);
  };
  const auto stores = [&](const Access& access) {
    return access.is_static && access.is_written && is_it(access.place);
  };
  const auto gives = [&](const Call& call) {
    return std::ranges::any_of(call.arguments, [&](const Value& argument) {
      return argument.is(Value::Kind::address) && is_it(argument.name);
    });
  };
  std::set<std::string> found;
  for (const auto& [name, facts] : side.facts)
    if (std::ranges::any_of(facts.accesses, stores) || std::ranges::any_of(facts.escaping, is_it) ||
        std::ranges::any_of(facts.calls, gives))
      found.insert(name);
  return found;
}

}  // namespace stent::review
