// Whether values of a type outlive the calls of the functions that are replaced.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "create/review/reviewed_unit.hpp"

namespace stent::review {

/// What is known of the values of a type at the time a patch is applied.
struct TypeLife {
  enum class Kind {
    alive,    ///< static storage holds or reaches them, or they are allocated: `evidence` says where
    assumed,  ///< nothing shows where they live, so on the heap
    local,    ///< only on the stack of functions that are entered anew
  } kind = Kind::assumed;
  std::string evidence;
};

class TypeLives {
 public:
  explicit TypeLives(const ReviewedUnit& unit);

  /// Of a type of the old build.
  [[nodiscard]] TypeLife of(dwarf::TypeId type) const;

 private:
  void reach_from_statics();
  void collect_holders();
  void collect_mentions();
  [[nodiscard]] std::optional<std::string> allocation_of(const dwarf::Type& type) const;
  [[nodiscard]] bool is_only_temporary(const std::string& name, const dwarf::Type& type) const;
  [[nodiscard]] bool takes_it_first(const std::string& function, const std::string& name) const;
  [[nodiscard]] std::string escape_of(const std::string& name, const dwarf::Type& type) const;
  [[nodiscard]] bool is_in_container(const std::string& name) const;
  [[nodiscard]] bool may_allocate(const FunctionFacts& facts, const dwarf::Type& type) const;

  const ReviewedUnit* unit_;
  std::map<std::string, std::string> static_of_;             ///< type name -> variable that reaches it
  std::map<std::string, std::set<std::string>> holders_;     ///< type name -> types that have it as member
  std::map<std::string, std::set<std::string>> by_value_;    ///< type name -> functions with a local one
  std::map<std::string, std::set<std::string>> by_pointer_;  ///< type name -> functions that know a pointer
  std::map<std::string, std::set<std::string>> returned_;    ///< type name -> functions returning a pointer
};

/// The type itself, or what it is an array of or points to in the end; its name, or empty.
[[nodiscard]] std::string core_name(const dwarf::DebugInfo& info, dwarf::TypeId id);

}  // namespace stent::review
