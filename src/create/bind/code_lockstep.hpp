// Walking one atom's code and the target's side by side.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/model/image.hpp"
#include "create/bind/inference.hpp"

namespace stent::bind {

/// A branch that stays inside the function: both ends must correspond.
struct InnerBranch {
  std::int64_t offset;  ///< of the branch's target in the atom
  LinkAddress target;   ///< where the target's branch goes
};

/// The outcome of one walk. `at` maps the offset of every instruction (padding: of the next real one) to the
/// target.
struct Lockstep {
  model::AtomId atom;
  LinkRange code;
  std::map<std::int64_t, LinkAddress> at;
  std::vector<InnerBranch> branches;
  /// Reference -> the address its value means (offset_in_target included), or what it goes through.
  std::vector<std::pair<const model::Reference*, decltype(Inference::where)>> references;
  std::string mismatch;  ///< empty: the same code
};

[[nodiscard]] Lockstep walk(const model::Object& object, model::AtomId atom, const model::Image& image,
                            LinkAddress start);

/// The import whose slot, PLT entry or copied object stands at `at`.
[[nodiscard]] std::optional<std::size_t> import_at(const model::Image& image, LinkAddress at);

}  // namespace stent::bind
