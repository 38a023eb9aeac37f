// What comparing needs to know of one object beyond its model: what each atom is called and who refers to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binary/model/object.hpp"

namespace stent::diff {

/// How an atom is identified, compared and changed.
enum class AtomClass {
  function,   ///< entry or fragment of a function
  code,       ///< code that belongs to no known function
  anonymous,  ///< literals, merged constants, jump tables, exception tables: only their content counts
  constant,   ///< named, never written after relocation
  variable,   ///< named, writable, one for the process
  tls,        ///< named, one for each thread
  other,      ///< allocated, of a kind with a meaning to the loader (constructors, sets)
};

/// What the index adds to one atom.
struct AtomFacts {
  AtomClass kind = AtomClass::anonymous;
  bool is_global = false;  ///< other units can name it
  bool is_entry = false;   ///< of `function`
  std::optional<model::FunctionId> function;
  /// Identity between builds: equal keys may be the same thing; empty for anonymous atoms. Globals by exact
  /// name, the rest without ordinals.
  std::string key;
  std::string
      whole;  ///< of a part of a variable that the compiler split: the key the variable had as a whole
  bool is_function_local = false;  ///< key is shared by statics of several scopes: it is no evidence alone
  std::vector<model::SymbolId> symbols;
  /// Labels of the functions and data that refer to it, sorted, each once.
  std::vector<std::string> referrers;
};

/// The facts of every atom of one object. Keeps a reference to the object.
class ObjectIndex {
 public:
  explicit ObjectIndex(const model::Object& object);

  [[nodiscard]] const model::Object& object() const { return *object_; }
  [[nodiscard]] const AtomFacts& operator[](model::AtomId id) const { return facts_.at(id.value); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(facts_.size()); }

  /// The function's symbol name.
  [[nodiscard]] const std::string& name(model::FunctionId id) const;
  /// What a referrer is called in `AtomFacts::referrers`: a function by its base name, data by its key.
  [[nodiscard]] std::string label(model::AtomId id) const;
  /// For messages: the atom's name, or what it is.
  [[nodiscard]] std::string describe(model::AtomId id) const;
  /// Equal for atoms of equal bytes and equally named references, in any layout. Evidence, not proof.
  [[nodiscard]] std::uint64_t shape(model::AtomId id, int depth = 3) const;
  /// All references of an atom: its own and those of its frame description.
  [[nodiscard]] std::vector<model::Reference> references(model::AtomId id) const;

 private:
  void place_symbols();
  void place_functions();
  void name_atom(model::AtomId id);
  void name_part(AtomFacts& facts, std::uint64_t field);
  void collect_referrers();

  const model::Object* object_;
  std::vector<AtomFacts> facts_;
};

/// A local name without the ordinals that drift between builds.
[[nodiscard]] std::string without_ordinals(const std::string& name);

/// True when the symbol can be bound to a definition outside of its unit.
[[nodiscard]] bool is_global(const model::Symbol& symbol);

/// True for constants that a compiler makes and names (CSWTCH.3, __func__.1): nobody compares their
/// addresses.
[[nodiscard]] bool is_compiler_made(std::string_view name);

}  // namespace stent::diff
