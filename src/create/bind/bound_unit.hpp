// The outcome of binding one unit's change to one build of the target.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "create/diff/change_set.hpp"
#include "patch/patch.hpp"

namespace stent::bind {

/// How a reference out of the patch reaches its target.
enum class Access {
  direct,    ///< the address itself (module function or data, copied object)
  slot,      ///< through a GOT slot the target module has: `binding` is the slot's address
  own_slot,  ///< through a slot in the patch's own GOT that holds the binding's value
  thread,    ///< thread-local: the binding's value is the offset from the thread pointer
};

struct BoundTarget {
  patch::Binding binding;
  Access access = Access::direct;
  bool is_function = false;
  std::string evidence;  ///< why this is the right thing, for `create --explain`
};

/// A changed function's place in the target.
struct BoundFunction {
  model::FunctionId new_function;
  std::string name;
  std::vector<patch::Extent> extents;  ///< entry first; from the target, with pre-images
  std::vector<patch::LoadTimeField> load_time{};
  std::vector<patch::Extent> islands{};
};

struct BoundUnit {
  const model::Object* new_object = nullptr;
  const diff::ChangeSet* changes = nullptr;
  std::vector<BoundFunction> replaced;
  /// The atoms of the new object that the patch carries, ascending: those of `changes` without what the
  /// target has already, and with what the target's linker dropped.
  std::vector<model::AtomId> selected;
  /// Changed functions that need no replacement: the linker left them out of the target.
  std::vector<std::string> dropped;
  /// Changed functions (COMDAT) of which the target holds another unit's copy: that unit must replace it.
  std::vector<std::string> elsewhere;
  /// Targets of references that leave the selected atoms: by atom (defined in the unit), by symbol
  /// (undefined).
  std::map<model::AtomId, BoundTarget> atoms;
  std::map<model::SymbolId, BoundTarget> symbols;
};

}  // namespace stent::bind
