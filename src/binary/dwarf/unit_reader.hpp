// Reading the declarations of one compilation unit.
#pragma once

#include <string>
#include <unordered_map>

#include "binary/dwarf/type_reader.hpp"

namespace stent::dwarf {

class UnitReader {
 public:
  UnitReader(DebugInfo& into, TypeReader& types) : into_(&into), types_(&types) {}

  /// Remembers the names around every type of the unit.
  void declare_types(const Die& unit) { declare_below(unit, {}); }
  void read(const Die& unit) { read_below(unit, {}); }

 private:
  void declare_below(const Die& die, const Scope& scope);
  void read_below(const Die& die, const Scope& scope);
  void read_variable(const Die& die, const Scope& scope);
  void read_function(const Die& die, const Scope& scope);
  void read_signature(Function& function, const Die& root);
  [[nodiscard]] static std::uint64_t entry_of(const Die& die);
  void read_body(std::size_t function, const Die& body, std::uint64_t entry, const Scope& scope);
  void read_automatic(std::size_t function, const Die& die);
  void read_inlined(std::size_t function, const Die& die, std::uint64_t entry);
  [[nodiscard]] std::size_t function_of(const Die& root, const Scope& scope);

  DebugInfo* into_;
  TypeReader* types_;
  std::unordered_map<const void*, Scope> scopes_;  ///< of functions
  std::unordered_map<const void*, std::size_t> functions_;
};

}  // namespace stent::dwarf
