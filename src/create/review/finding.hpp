// One thing the review noticed about a change, and what it means for a process that lives on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binary/dwarf/source_place.hpp"

namespace stent::review {

/// What a finding asks for; ascending.
enum class Level {
  safe,     ///< looked at, and nothing of the living process is concerned
  note,     ///< worth knowing; needs no decision
  review,   ///< a person must decide: the patch is made only with an acknowledgement
  refused,  ///< would corrupt or crash the process; cannot be acknowledged
};

/// "safe", "note", "review", "refused".
[[nodiscard]] std::string to_string(Level level);

struct Finding {
  std::string id;  ///< "KIND:SUBJECT", equal for the same change of the same thing in any build
  Level level = Level::note;
  std::string kind;     ///< e.g. "type-layout", "lock-balance"
  std::string message;  ///< what changed, with names and numbers
  std::string why;      ///< why it matters to a process that lives on
  std::string remedy;   ///< what can be done; empty for `safe`
  std::optional<dwarf::SourcePlace> old_place, new_place;
  std::vector<std::string> functions;  ///< involved, as symbols
  std::vector<std::string> types;      ///< involved, as "struct NAME"
  bool operator==(const Finding&) const = default;
};

/// The level of the whole: the highest of all; `safe` for none.
[[nodiscard]] Level highest(const std::vector<Finding>& findings);

}  // namespace stent::review
