// Turning type entries of debug information into `Type` values, each once.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "binary/dwarf/debug_info.hpp"
#include "binary/dwarf/die.hpp"

namespace stent::dwarf {

/// Where an entry is declared: the names around it.
struct Scope {
  std::string prefix;     ///< "a::b::", or empty
  std::string function;   ///< the function around it, or empty
  std::string own_name;   ///< given to a closure, which has none
  bool is_class = false;  ///< not a structure
};

class TypeReader {
 public:
  explicit TypeReader(DebugInfo& into);

  /// Remembers the scope of a type entry; must have happened for all before `read`.
  void declare(const Die& die, const Scope& scope);
  /// The type without typedefs and qualifiers; void for nothing.
  [[nodiscard]] TypeId read(const std::optional<Die>& die);
  /// The type that `die` names with DW_AT_type.
  [[nodiscard]] TypeId type_of(const Die& die) { return read(die.reference(DW_AT_type)); }

 private:
  void fill(TypeId id, const Die& die);
  void fill_members(TypeId id, const Die& die);
  void fill_enumerators(TypeId id, const Die& die);
  void fill_bounds(TypeId id, const Die& die);
  void fill_parameters(TypeId id, const Die& die);
  [[nodiscard]] Member member(const Die& die);

  DebugInfo* into_;
  std::unordered_map<const void*, Scope> scopes_;
  std::map<std::string, unsigned> closures_;  ///< by the names around them: how many
  std::unordered_map<const void*, TypeId> known_;
};

/// True when one of the qualifiers around the type that `die` names, or its element type, is const.
[[nodiscard]] bool is_const(const Die& die);
/// The type of the entry is a pointer or reference to something constant.
[[nodiscard]] bool points_to_const(const Die& die);

}  // namespace stent::dwarf
