// The outcome of comparing two objects: what must go into a patch, and what corresponds to what.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binary/model/object.hpp"

namespace stent::diff {

enum class ChangeKind { changed, added, removed };

struct FunctionChange {
  ChangeKind kind = ChangeKind::changed;
  std::string name;
  std::optional<model::FunctionId> old_function;  ///< empty when added
  std::optional<model::FunctionId> new_function;  ///< empty when removed
  std::string first_difference;  ///< for people: offset and both instructions, or which reference
  std::optional<model::Place> old_place{}, new_place{};  ///< where that is, when `changed`
};

/// A change that must not become a patch.
struct Refusal {
  std::string subject;  ///< function or variable
  std::string reason;
  std::string hint;
};

/// Old object x new object.
///
/// `selected` holds the atoms of the *new* object that the patch must carry: entries and fragments of changed
/// and added functions, their jump tables and literals, new or changed constants, new static data: the
/// reference closure. Every reference from a selected atom goes to a selected atom, or to something that
/// exists in the target and is to be bound: then `old_atom` (defined in this unit) or the symbol's name
/// (undefined) tells what.
struct ChangeSet {
  std::vector<FunctionChange> functions;
  std::vector<model::AtomId> selected;  ///< of the new object, ascending
  /// new atom -> the old atom that is the same thing (function, static variable, constant); indexed by new
  /// AtomId.
  std::vector<std::optional<model::AtomId>> old_atom;
  std::vector<Refusal> refusals;

  [[nodiscard]] bool nothing_changed() const { return functions.empty() && refusals.empty(); }
};

/// Compares two builds of one translation unit. Pure.
[[nodiscard]] ChangeSet compare(const model::Object& old_object, const model::Object& new_object);

/// The same change in `again`, the new source compiled with other flags: what `decided` (of old x new) calls
/// changed is changed here, and nothing else. Throws `refused` when a function of it has no counterpart of
/// its name in `again`, or when the flags bring along other functions.
[[nodiscard]] ChangeSet carry_over(const model::Object& old_object, const model::Object& new_object,
                                   const ChangeSet& decided, const model::Object& again);

}  // namespace stent::diff
