#include "create/bind_units.hpp"

#include "base/error.hpp"
#include "create/bind/bind_unit.hpp"

namespace stent::create {

std::vector<bind::BoundUnit> bind_units(const std::vector<ChosenUnit>& units, const model::Image& target) {
  std::vector<bind::BoundUnit> bound;
  std::string reasons, hint;
  for (const auto& [unit, match] : units) {
    try {
      bound.push_back(bind::bind_unit(*unit->old_object, *unit->new_object, *unit->changes, target, match));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::refused) throw;
      reasons += (reasons.empty() ? "" : "\n") + error.message();
      hint = error.hint();
    }
  }
  if (!reasons.empty()) throw Error(ErrorCode::refused, reasons, hint);
  return bound;
}

}  // namespace stent::create
