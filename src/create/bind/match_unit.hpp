// Matching all functions of one old object against the target, and what follows for everything they name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "create/bind/match_code.hpp"

namespace stent::bind {

/// Where one unit stands in the target.
struct UnitMatch {
  /// By function: where it matched, or empty.
  std::vector<std::optional<CodeMatch>> functions;
  /// By function: why it did not match; empty when it did or when the target has nothing of that name.
  std::vector<std::string> mismatches;
  /// Start addresses of atoms (functions, variables, constants), by evidence of matched code.
  std::map<model::AtomId, LinkAddress> atoms;
  /// What undefined symbols resolved to, by name; and defined ones that the target reaches through an import.
  std::map<std::string, decltype(Inference::where)> symbols;
  /// Atoms and names about which matched functions disagree: never bound.
  std::map<model::AtomId, std::string> conflicts;
  /// The STT_FILE block of the target's symbol table that holds this unit's locals, when identified.
  std::optional<std::uint32_t> file_block;

  [[nodiscard]] std::size_t matched() const;
  /// By entry: why a function that only this unit defines (no member of a section group, not weak) is in the
  /// target by name but with other code.
  [[nodiscard]] std::map<model::AtomId, std::string> own_mismatches(const model::Object& object) const;
  /// The first function that is in the target by name but with other code, or empty.
  [[nodiscard]] std::string first_mismatch() const;
};

/// True when the locals of `object` stand in the symbol block of the source `file`. What link-time
/// optimisation compiled has no source: gcc calls it "<artificial>" in the object and nothing in the target.
[[nodiscard]] bool is_block_of(const std::string& file, const model::Object& object);

/// Names propose candidates, decoding decides, and addresses named by matched functions settle what is left.
/// A function with several matching candidates and nothing to tell them apart stays unmatched.
[[nodiscard]] UnitMatch match_unit(const model::Object& object, const model::Image& image);

}  // namespace stent::bind
