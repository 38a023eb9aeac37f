// Comparing one old function with the target's code at a candidate address, by decoding both.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "binary/model/image.hpp"
#include "binary/model/object.hpp"
#include "create/bind/inference.hpp"

namespace stent::bind {

/// Where in the target each part of the function stands.
struct MatchedPart {
  model::AtomId atom;
  LinkRange code;  ///< from the first to the last matched instruction
};

struct CodeMatch {
  std::vector<MatchedPart> parts;  ///< entry first
  std::vector<Inference> inferences;
};

/// Why it is not the same code: where in the old function, and what stands there and in the target.
struct CodeMismatch {
  std::string text;
};

/// Compares `function` of `object` with the code of `image` at `entry`.
///
/// Padding is skipped; branches inside the function count by what they reach, not by their encoding; a field
/// that a relocation fills is not compared but tells an address. What linkers rewrite is known: GOTPCRELX
/// loads, calls and jumps, and initial-exec TLS loads. Fragments are found by the jumps to them. Literals and
/// constants that a reference names are compared by content.
[[nodiscard]] std::variant<CodeMatch, CodeMismatch> match_code(const model::Object& object,
                                                               const model::Function& function,
                                                               const model::Image& image, LinkAddress entry);

}  // namespace stent::bind
