// One unit as the rules see it: models, changes, debug information and the facts of every function.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "binary/dwarf/debug_info.hpp"
#include "create/review/finding.hpp"
#include "create/review/function_facts.hpp"
#include "create/review/unit_pair.hpp"

namespace stent::review {

/// One side, old or new.
struct Side {
  const model::Object* object = nullptr;
  dwarf::DebugInfo debug;
  std::map<std::string, FunctionFacts> facts;                  ///< by symbol; every function of the object
  std::map<std::string, std::vector<std::string>> callers;     ///< by symbol: the functions that refer to it
  std::map<std::string, std::vector<std::string>> data_users;  ///< by symbol: the data that refers to it
  std::map<std::string, const dwarf::Function*> declared;      ///< by symbol without clone suffix

  [[nodiscard]] const FunctionFacts* find(const std::string& symbol) const;
  [[nodiscard]] const dwarf::Function* declaration(const std::string& symbol) const;
};

/// A function before and after; only changed ones.
struct FunctionPair {
  const FunctionFacts* before = nullptr;
  const FunctionFacts* after = nullptr;
  const dwarf::Function* old_declaration = nullptr;  ///< may be null
  const dwarf::Function* new_declaration = nullptr;

  [[nodiscard]] const std::string& name() const { return after->name; }
};

struct ReviewedUnit {
  UnitPair pair;
  Side before, after;
  std::vector<FunctionPair> changed;
  std::vector<const FunctionFacts*> added;
  std::vector<std::string> removed;

  /// The target was linked without it: all of its code and data is new to the process.
  [[nodiscard]] bool comes_along() const { return pair.old_object->path.empty(); }
  /// The target was linked without this function or variable, and the patch brings it: by its symbol, with
  /// the number that compilers append to a local one or without.
  [[nodiscard]] bool comes_along(const std::string& symbol) const;
  /// Other units, or pointers, can call the old function `symbol`.
  [[nodiscard]] bool is_callable_from_outside(const std::string& symbol) const;
  /// A private function of a class that the unit's own source defines: no other unit knows the class.
  [[nodiscard]] bool is_private_here(const std::string& symbol) const;
  /// A variable that other units cannot name, and whose address the old code gives to nobody.
  [[nodiscard]] bool is_private(const std::string& variable) const;
  [[nodiscard]] bool is_replaced(const std::string& symbol) const;
  /// Every container and array that the old function `symbol` sorts, fills or searches lives for one call
  /// only.
  [[nodiscard]] bool sorts_only_locals(const std::string& symbol) const {
    return local_sorters.contains(symbol);
  }

  std::set<std::string> local_sorters;  ///< see local_sorters.hpp; found after the unit is prepared
};

/// The place is in the source that was compiled, and in no header.
[[nodiscard]] bool is_in_source(const dwarf::DebugInfo& info, const dwarf::SourcePlace& place);

/// Reads the debug information and follows every function. Not movable afterwards: it points into itself.
void prepare(ReviewedUnit& unit, const UnitPair& pair);

/// It has one more shared pointer for the time of the call: counted when made, and given back at the end.
[[nodiscard]] bool keeps_owner_for_call(const ReviewedUnit& unit, const FunctionPair& function);
/// Counts the owners of a shared pointer: inlined code of the C++ library. Never when `declaration` is null.
[[nodiscard]] bool counts_owners(const dwarf::Function* declaration, const Access& access);
[[nodiscard]] bool counts_owners(const Call& call);

/// What came of the inlined function `inlined` is other code now; not where only its instructions are, and a
/// function that stayed as it was shows that the inlined one did.
[[nodiscard]] bool inlined_code_changed(const ReviewedUnit& unit, const FunctionPair& function,
                                        const std::string& inlined);

/// It asks for equality as before, and goes on to the end now where it left at the first difference.
[[nodiscard]] bool collects_differences(const FunctionPair& function);

/// Both refer to one variable or constant: what one files there, the other looks for.
[[nodiscard]] bool share_data(const ReviewedUnit& unit, const FunctionPair& a, const FunctionPair& b);

/// `name` decides for `function` where things are found again, and changed.
[[nodiscard]] Finding about_order(const FunctionPair& function, const std::string& name);

/// A finding with the places and the name of the function filled in.
[[nodiscard]] Finding about(const FunctionPair& function, Level level, std::string kind);

}  // namespace stent::review
