#include "create/review/type_life.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "create/review/names.hpp"

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Type;
using dwarf::TypeId;
using dwarf::TypeKind;

/// Through arrays, pointers and references; `pointed` tells whether there was a pointer.
TypeId core(const DebugInfo& info, TypeId id, bool& pointed) {
  constexpr int deepest = 16;
  for (int depth = 0; depth < deepest; ++depth) {
    const Type& type = info[id];
    if (type.kind == TypeKind::pointer || type.kind == TypeKind::reference)
      pointed = true;
    else if (type.kind != TypeKind::array)
      break;
    id = type.target;
  }
  return id;
}

/// Every named type that a value of `id` contains or points to, by name, each once.
void reach(const DebugInfo& info, const std::map<std::string, TypeId>& definitions, TypeId id,
           std::set<std::string>& seen, std::set<std::uint32_t>& visited) {
  std::vector<TypeId> open = {id};
  while (!open.empty()) {
    TypeId at = open.back();
    open.pop_back();
    const Type* type = &info[at];
    if (!type->name.empty() && type->kind != TypeKind::base) {
      seen.insert(type->name);
      if (const auto full = definitions.find(type->name); type->is_declaration && full != definitions.end()) {
        at = full->second;
        type = &info[at];
      }
    }
    if (!visited.insert(at.value).second) continue;
    if (type->kind == TypeKind::function) continue;
    if (type->target.value != 0) open.push_back(type->target);
    for (const dwarf::Member& member : type->members) open.push_back(member.type);
  }
}

/// True when code of the unit refers to the function; one that is inlined everywhere leaves no name.
bool is_named(const Side& side, const dwarf::Function& function) {
  if (function.name.starts_with("std::") || function.name.starts_with("__gnu_cxx::")) return false;
  std::string symbol = function.linkage_name;
  if (side.callers.contains(symbol) || !symbol.starts_with("_Z")) return true;
  for (const auto& [unified, variants] : {std::pair("C4E", "12"), std::pair("D4E", "012")})
    if (const std::size_t at = symbol.rfind(unified); at != std::string::npos)
      for (const char* variant = variants; *variant != 0; ++variant) {
        symbol[at + 1] = *variant;
        if (side.callers.contains(symbol)) return true;
      }
  return false;
}

/// A call that allocates an object of a constant size that is not that of `type`.
bool asks_for_other_size(const Call& call, const std::string& plain, const Type& type) {
  const auto is_other = [&](const Value& value) {
    return value.is(Value::Kind::constants) && !value.is_constant(static_cast<std::int64_t>(type.size));
  };
  if (plain == "calloc") return is_other(call.arguments[0]) && is_other(call.arguments[1]);
  const bool tells_size =
      plain == "malloc" || plain.starts_with("operator new") || plain == "cxa_allocate_exception";
  return tells_size && (is_other(call.arguments[0]) || is_other(call.arguments[1]));
}

std::map<std::string, TypeId> definitions_of(const DebugInfo& info) {
  std::map<std::string, TypeId> all;
  for (std::uint32_t i = 1; i < info.types.size(); ++i)
    if (!info.types[i].name.empty() && !info.types[i].is_declaration)
      all.try_emplace(info.types[i].name, TypeId{i});
  return all;
}

}  // namespace

std::string core_name(const DebugInfo& info, TypeId id) {
  bool pointed = false;
  const Type& type = info[core(info, id, pointed)];
  return type.kind == TypeKind::base || type.kind == TypeKind::function ? std::string() : type.name;
}

TypeLives::TypeLives(const ReviewedUnit& unit) : unit_(&unit) {
  reach_from_statics();
  collect_holders();
  collect_mentions();
}

void TypeLives::reach_from_statics() {
  const DebugInfo& info = unit_->before.debug;
  const auto definitions = definitions_of(info);
  std::set<std::uint32_t> visited;
  for (const dwarf::Variable& variable : info.variables) {
    if (variable.is_const && !variable.is_external && info[variable.type].kind == TypeKind::base) continue;
    std::set<std::string> seen;
    reach(info, definitions, variable.type, seen, visited);
    for (const std::string& name : seen) static_of_.try_emplace(name, variable.name);
  }
}

void TypeLives::collect_holders() {
  const DebugInfo& info = unit_->before.debug;
  for (const Type& type : info.types)
    for (const dwarf::Member& member : type.members)
      if (const std::string name = core_name(info, member.type); !name.empty() && name != type.name)
        holders_[name].insert(type.name);
}

void TypeLives::collect_mentions() {
  const DebugInfo& info = unit_->before.debug;
  const auto mention = [&](const std::string& function, TypeId id) {
    bool pointed = false;
    const Type& type = info[core(info, id, pointed)];
    if (type.kind != TypeKind::base) (pointed ? by_pointer_ : by_value_)[type.name].insert(function);
  };
  for (const dwarf::Function& function : info.functions) {
    for (const dwarf::Parameter& parameter : function.parameters)
      mention(function.linkage_name, parameter.type);
    for (const dwarf::Parameter& local : function.locals) mention(function.linkage_name, local.type);
    bool pointed = false;
    const TypeId result = core(info, function.result, pointed);
    if (pointed) returned_[info[result].name].insert(function.linkage_name);
  }
}

std::optional<std::string> TypeLives::allocation_of(const Type& type) const {
  for (const auto& [symbol, facts] : unit_->before.facts)
    for (const Call& call : facts.calls) {
      if (!is_allocator(plain_name(call.name))) continue;
      for (const Value& argument : call.arguments)
        if (type.size > 1 && argument.is_constant(static_cast<std::int64_t>(type.size))) return symbol;
    }
  return std::nullopt;
}

bool TypeLives::is_in_container(const std::string& name) const {
  return std::ranges::any_of(unit_->before.debug.types, [&](const Type& type) {
    return type.name.starts_with("std::") &&
           type.name.find(name.substr(name.rfind(':') + 1)) != std::string::npos;
  });
}

/// A call that could allocate one: of unknown or matching size.
bool TypeLives::may_allocate(const FunctionFacts& facts, const Type& type) const {
  return std::ranges::any_of(facts.calls, [&](const Call& call) {
    const std::string plain = plain_name(call.name);
    if (!is_allocator(plain) || plain == "realloc") return false;
    // Of unknown size, or by code of the library, it is a container's, and a container of such would be known
    // by its type.
    const bool is_of_container = is_library_code(call.name) ||
                                 (plain == "operator new" && !call.arguments[0].is(Value::Kind::constants));
    if (is_of_container && !is_in_container(type.name)) return false;
    return !asks_for_other_size(call, plain, type);
  });
}

/// A class of this very source, whose functions are only called for objects on the stack, and by each other
/// for their own: nobody else knows it, and temporaries have no name.
bool TypeLives::is_only_temporary(const std::string& name, const Type& type) const {
  const auto users = by_pointer_.find(name);
  if (users == by_pointer_.end() || !is_in_source(unit_->before.debug, type.place)) return false;
  bool on_stack = false;
  for (const auto& [caller, facts] : unit_->before.facts)
    for (const Call& call : facts.calls) {
      if (!users->second.contains(call.name)) continue;
      const Value& object = call.arguments[0];
      const bool is_own =
          object.is(Value::Kind::parameter) && object.offset == 0 && users->second.contains(caller);
      if (!is_own && !object.is(Value::Kind::stack)) return false;
      on_stack = on_stack || object.is(Value::Kind::stack);
    }
  return on_stack && std::ranges::all_of(users->second, [&](const std::string& user) {
           return !unit_->before.data_users.contains(user) && takes_it_first(user, name);
         });
}

/// Its first argument, and nothing else, leads to such an object.
bool TypeLives::takes_it_first(const std::string& function, const std::string& name) const {
  const DebugInfo& info = unit_->before.debug;
  const dwarf::Function* declared = unit_->before.declaration(function);
  if (declared == nullptr || declared->parameters.empty()) return false;
  for (std::size_t i = 0; i < declared->parameters.size(); ++i)
    if ((core_name(info, declared->parameters[i].type) == name) != (i == 0)) return false;
  return core_name(info, declared->result) != name;
}

/// Why a value on a stack may be known to something that outlives the call; empty when it is not.
std::string TypeLives::escape_of(const std::string& name, const Type& type) const {
  const auto pointers = by_pointer_.find(name);
  std::set<std::string> users;
  if (const auto values = by_value_.find(name); values != by_value_.end()) users = values->second;
  if (pointers != by_pointer_.end()) users.insert(pointers->second.begin(), pointers->second.end());
  for (const std::string& user : users) {
    const dwarf::Function* function = unit_->before.declaration(user);
    const bool in_header = type.place.file != (function == nullptr ? "" : function->place.file);
    if (function != nullptr && function->is_declaration && is_named(unit_->before, *function) &&
        pointers != by_pointer_.end() && pointers->second.contains(user))
      return "it is passed to " + user + ", which is not in this unit";
    if (function != nullptr && function->is_external && in_header && pointers != by_pointer_.end() &&
        pointers->second.contains(user))
      return "other units can pass one to " + user;
    const FunctionFacts* facts = unit_->before.find(user);
    if (facts == nullptr) continue;
    if (may_allocate(*facts, type)) return user + " may allocate one";
    for (const Access& access : facts->accesses)
      if (access.is_written && access.value.is(Value::Kind::stack))
        return user + " stores an address of its stack";
    for (const Call& call : facts->calls) {
      const bool is_linked_library = is_library_code(call.name) && call.name.find(name) == std::string::npos;
      if (unit_->before.find(call.name) != nullptr || keeps_nothing(plain_name(call.name)) ||
          is_release(plain_name(call.name)) || is_linked_library)
        continue;
      for (const Value& argument : call.arguments)
        if (argument.is(Value::Kind::stack)) return user + " passes an address of its stack to " + call.name;
    }
  }
  return {};
}

TypeLife TypeLives::of(TypeId id) const {
  const Type& type = unit_->before.debug[id];
  if (const auto at = static_of_.find(type.name); at != static_of_.end())
    return {TypeLife::Kind::alive, "the variable " + at->second + " holds or reaches it"};
  if (type.name.find("<lambda") != std::string::npos)
    for (const auto& [symbol, facts] : unit_->before.facts)
      if (symbol.find("_Function_handler") != std::string::npos ||
          symbol.find("_State_impl") != std::string::npos)
        return {TypeLife::Kind::assumed, "closures are stored: " + plain_name(symbol)};
  if (const auto at = holders_.find(type.name); at != holders_.end())
    for (const std::string& holder : at->second) {
      const auto definitions =
          std::ranges::find_if(unit_->before.debug.types, [&](const Type& t) { return t.name == holder; });
      const bool holder_local = by_value_.contains(holder) && !static_of_.contains(holder) &&
                                escape_of(holder, *definitions).empty();
      if (!holder_local) return {TypeLife::Kind::assumed, "a member of " + holder + " holds or reaches it"};
    }
  if (type.kind != TypeKind::enumeration)
    if (const auto where = allocation_of(type))
      return {TypeLife::Kind::alive, *where + " allocates objects of its size"};
  if (!by_value_.contains(type.name) && !is_only_temporary(type.name, type))
    return {TypeLife::Kind::assumed, "nothing shows where its objects live"};
  if (returned_.contains(type.name))
    return {TypeLife::Kind::assumed, *returned_.at(type.name).begin() + " returns a pointer to one"};
  const std::string escape = escape_of(type.name, type);
  if (!escape.empty()) return {TypeLife::Kind::assumed, escape};
  const auto keepers = by_value_.find(type.name);
  return {TypeLife::Kind::local, keepers == by_value_.end()
                                     ? "only temporaries on the stack"
                                     : "only on the stack of " + *keepers->second.begin()};
}

}  // namespace stent::review
