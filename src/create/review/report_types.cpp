#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/type_change.hpp"
#include "create/review/type_life.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

constexpr const char* layout_remedy =
    "keep the layout: put the new data beside the objects (stent_shadow_get), or restart with the new build";

const char* kind_name(TypeDifference difference) {
  switch (difference) {
    case TypeDifference::layout: return "type-layout";
    case TypeDifference::virtual_table: return "virtual-table";
    case TypeDifference::representation: return "type-representation";
    case TypeDifference::meaning: return "type-meaning";
    case TypeDifference::addition: break;
  }
  return "type-addition";
}

/// An unnamed enumeration of one replaced function, which keeps a state of the call: an automatic variable
/// has it, and neither static storage nor an object does.
bool is_state_of_one_call(const ReviewedUnit& unit, dwarf::TypeId id) {
  const dwarf::DebugInfo& info = unit.before.debug;
  const std::string& owner = info[id].function;
  if (owner.empty()) return false;
  const auto has_it = [&](const auto& one) { return one.type == id; };
  if (std::ranges::any_of(info.variables, has_it)) return false;
  for (const dwarf::Type& type : info.types)
    if (std::ranges::any_of(type.members, has_it) ||
        (type.kind != dwarf::TypeKind::function && type.target == id))
      return false;
  const auto keeper = std::ranges::find_if(info.functions, [&](const dwarf::Function& function) {
    return !function.is_declaration && std::ranges::any_of(function.locals, has_it);
  });
  if (keeper == info.functions.end() || !unit.is_replaced(keeper->linkage_name)) return false;
  const FunctionFacts* facts = unit.before.find(keeper->linkage_name);
  return facts != nullptr && std::ranges::none_of(facts->accesses, [&](const Access& access) {
           return access.is_written && access.size == info[id].size && !access.place.starts_with('?');
         });
}

Level level_of(const TypeChange& change, const TypeLife& life, bool is_unnamed) {
  const bool is_grave =
      change.difference == TypeDifference::layout || change.difference == TypeDifference::virtual_table;
  if (change.difference == TypeDifference::addition) return Level::note;
  if (is_unnamed) return Level::review;  // its values are kept in plain integers
  if (life.kind == TypeLife::Kind::local && change.difference != TypeDifference::virtual_table)
    return Level::note;
  return is_grave && life.kind == TypeLife::Kind::alive ? Level::refused : Level::review;
}

}  // namespace

void report_types(const ReviewedUnit& unit, Findings& findings) {
  const TypeLives lives(unit);
  for (const TypeChange& change : compare_types(unit.before.debug, unit.after.debug)) {
    const dwarf::Type& before = unit.before.debug[change.old_type];
    const TypeLife life = lives.of(change.old_type);

    Finding finding;
    finding.kind = kind_name(change.difference);
    finding.level = level_of(change, life, before.name.empty());
    if (before.name.empty() && is_state_of_one_call(unit, change.old_type)) finding.level = Level::note;
    finding.message = fmt::format("{}: {}", title(before), fmt::join(change.details, "; "));
    finding.why =
        finding.level == Level::note
            ? (life.kind == TypeLife::Kind::local ? "no object of it outlives a call: " + life.evidence
                                                  : "all values that exist keep their meaning")
            : "objects that exist were made with the old definition: " + life.evidence;
    finding.remedy = finding.level == Level::note ? "" : layout_remedy;
    finding.old_place = before.place;
    finding.new_place = unit.after.debug[change.new_type].place;
    finding.types = {title(before)};
    for (const FunctionPair& pair : unit.changed) finding.functions.push_back(pair.name());
    findings.add(change.name, std::move(finding));
  }
}

}  // namespace stent::review
