#include "create/refuse_units.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::create {

void refuse_what_cannot_change(const std::vector<ChosenUnit>& units) {
  std::string reasons;
  std::vector<std::string> hints;
  std::size_t count = 0;
  for (const auto& [unit, match, wanted] : units)
    for (const diff::Refusal& refusal : unit->changes->refusals) {
      reasons += fmt::format("\n  {}: {}: {}", unit->pair.source, refusal.subject, refusal.reason);
      if (!refusal.hint.empty() && std::ranges::find(hints, refusal.hint) == hints.end())
        hints.push_back(refusal.hint);
      ++count;
    }
  if (count == 0) return;
  std::string hint;
  for (const std::string& one : hints) hint += (hint.empty() ? "" : "; ") + one;
  throw Error(ErrorCode::refused,
              fmt::format("this change cannot become a patch ({} reasons):{}", count, reasons),
              hint.empty() ? "restart the program with the new build instead" : hint);
}

}  // namespace stent::create
