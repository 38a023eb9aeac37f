// What the debug information of one file declares: types with their layout, variables and functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "binary/dwarf/source_place.hpp"

namespace stent::dwarf {

enum class TypeKind {
  void_,
  base,
  pointer,
  reference,
  structure,
  union_,
  enumeration,
  array,
  function,
  other
};

/// Index into DebugInfo::types; 0 is void.
struct TypeId {
  std::uint32_t value = 0;
  auto operator<=>(const TypeId&) const = default;
};

/// A data member or a base class.
struct Member {
  std::string name;  ///< empty for anonymous members; a base class by its name
  TypeId type;
  std::uint64_t bit_offset = 0;
  std::uint64_t bit_size = 0;  ///< of a bit-field, else 0
  bool is_base = false;
  bool is_virtual_base = false;
};

struct Enumerator {
  std::string name;
  std::int64_t value = 0;
  bool operator==(const Enumerator&) const = default;
};

struct VirtualFunction {
  std::string name;
  std::uint64_t slot = 0;
  bool operator==(const VirtualFunction&) const = default;
};

/// A type without its typedefs and qualifiers.
struct Type {
  TypeKind kind = TypeKind::void_;
  std::string name;  ///< with its namespaces and classes; an anonymous one has its typedef's; may be empty
  std::uint64_t size = 0;
  std::uint64_t alignment = 0;        ///< 0: as its members need
  unsigned encoding = 0;              ///< DW_ATE_* of a base type
  bool is_declaration = false;        ///< the layout is not known in this file
  std::string function;               ///< declared inside this function
  TypeId target;                      ///< pointee, element, result
  std::vector<std::uint64_t> bounds;  ///< elements per dimension; 0 unknown
  std::vector<Member> members;
  std::vector<Enumerator> enumerators;
  std::vector<VirtualFunction> virtual_functions;
  std::vector<TypeId> parameters;
  bool is_variadic = false;
  SourcePlace place;
};

/// A variable with static or thread storage (automatic ones belong to their function).
struct Variable {
  std::string name;          ///< with its namespaces and classes
  std::string linkage_name;  ///< mangled, or equal to the plain name
  std::string function;      ///< declared inside this function
  TypeId type;
  bool is_const = false;
  bool is_external = false;
  bool is_declaration = false;
  bool is_thread_local = false;
  bool has_address = false;          ///< it was given memory
  std::vector<std::uint64_t> parts;  ///< where the compiler split it: offsets of the parts that have memory
  std::vector<std::uint64_t> code;   ///< what is computed from that memory; empty: it holds the value itself
  SourcePlace place;
};

struct Parameter {
  std::string name;
  TypeId type;
  bool points_to_const = false;  ///< a pointer or reference through which nothing is written
};

/// A run of the code of a function that was inlined from another.
struct InlinedCall {
  std::string name;
  SourcePlace place;                                            ///< where the inlined function is declared
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  ///< offsets from the host's entry

  [[nodiscard]] bool contains(std::uint64_t offset) const {
    return std::ranges::any_of(
        ranges, [offset](const auto& range) { return offset >= range.first && offset < range.second; });
  }
};

struct Function {
  std::string name;          ///< with its namespaces and classes
  std::string linkage_name;  ///< its symbol
  TypeId result;
  std::vector<Parameter> parameters;
  bool is_variadic = false;
  bool is_noreturn = false;
  bool is_external = false;
  bool is_private = false;  ///< only functions of its class can name it
  bool is_declaration = true;
  SourcePlace place;
  std::vector<Parameter> locals;  ///< automatic variables
  std::vector<InlinedCall> inlined;
};

struct DebugInfo {
  std::vector<Type> types;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::string main_file;  ///< the source that was compiled

  [[nodiscard]] const Type& operator[](TypeId id) const { return types.at(id.value); }
  [[nodiscard]] bool empty() const { return functions.empty() && variables.empty() && types.size() <= 1; }
};

}  // namespace stent::dwarf
