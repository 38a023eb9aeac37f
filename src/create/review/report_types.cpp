#include <fmt/format.h>
#include <fmt/ranges.h>

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
