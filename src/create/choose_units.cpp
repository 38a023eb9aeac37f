#include "create/choose_units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"
#include "create/guess_difference.hpp"
#include "create/only_copies.hpp"

namespace stent::create {
namespace {

std::size_t mismatched(const ChosenUnit& unit) {
  return static_cast<std::size_t>(
      std::ranges::count_if(unit.match.mismatches, [](const std::string& why) { return !why.empty(); }));
}

void refuse_other_build(const ChosenUnit& best, const model::Image& target) {
  const std::size_t functions = best.unit->old_object->functions.size();
  const bool is_like_no_function = best.match.matched() == 0 && mismatched(best) * 2 > functions;
  const bool is_unlike_most = best.match.own_mismatches(*best.unit->old_object).size() > best.match.matched();
  if (!is_like_no_function && !is_unlike_most) return;
  throw Error(ErrorCode::mismatch,
              fmt::format("{} as compiled here is not what {} holds: {}; {}", best.unit->pair.source,
                          target.path.string(), best.match.first_mismatch(),
                          guess_difference(*best.unit->old_object, target)),
              "use the compiler, the flags and the source that the target was built from");
}

/// What is not changed may differ (a COMDAT copy of another unit was linked); it is said, so that nobody is
/// misled.
void note_other_code(const ChosenUnit& best, const model::Image& target, std::vector<std::string>& notes) {
  if (mismatched(best) == 0) return;
  notes.push_back(fmt::format("{}: {} of its {} functions are in {} with other code, first {}; {}",
                              best.unit->pair.source, mismatched(best),
                              best.unit->old_object->functions.size(), target.path.filename().string(),
                              best.match.first_mismatch(), guess_difference(*best.unit->old_object, target)));
}

std::string not_part(const std::string& source, const model::Image& target) {
  return fmt::format("{}: not part of {}", source, target.path.filename().string());
}

/// Its machine code is not what a link with link-time optimisation takes.
bool holds_intermediate_code(const ComparedUnit& unit) {
  if (unit.old_object->path.empty()) return false;
  const elf::File file(unit.old_object->path);
  return std::ranges::any_of(
      file.sections(), [](const elf::Section& section) { return section.name.starts_with(".gnu.lto_"); });
}

std::string hint_for_none(const std::vector<ComparedUnit>& units) {
  if (std::ranges::any_of(units, holds_intermediate_code))
    return "the objects also hold a compiler's intermediate code (-flto -ffat-lto-objects), of which a link "
           "makes other code: make the patch from the source (--patch with the build's command), or give the "
           "objects that the link makes";
  return "is --target the program the change is for, made by this compiler with these flags, and is its "
         "debug file found (--debug-root)?";
}

/// By source: the way of compiling it that matches the target best.
std::map<std::string, ChosenUnit> best_of_each(const std::vector<ComparedUnit>& units,
                                               const model::Image& target) {
  std::map<std::string, ChosenUnit> best;
  for (const ComparedUnit& unit : units) {
    ChosenUnit candidate{&unit, bind::match_unit(*unit.old_object, target), {}};
    const auto at = best.find(unit.pair.source);
    if (at == best.end() || candidate.match.matched() > at->second.match.matched())
      best.insert_or_assign(unit.pair.source, std::move(candidate));
  }
  return best;
}

}  // namespace

std::vector<ChosenUnit> choose_units(const std::vector<ComparedUnit>& units, const model::Image& target,
                                     std::vector<std::string>& notes) {
  std::vector<ChosenUnit> chosen;
  std::map<std::string, ChosenUnit> best_of_source = best_of_each(units, target);
  for (auto& [source, best] : best_of_source) {
    refuse_other_build(best, target);
    if (best.match.matched() != 0) {
      chosen.push_back(std::move(best));
    } else {
      notes.push_back(not_part(source, target));
    }
  }
  for (const std::string& source : take_out_only_copies(chosen, target))
    notes.push_back(not_part(source, target));
  for (const ChosenUnit& unit : chosen) note_other_code(unit, target, notes);
  if (chosen.empty())
    throw Error(ErrorCode::mismatch,
                fmt::format("none of the {} changed units is part of {}", best_of_source.size(),
                            target.path.string()),
                hint_for_none(units));
  return chosen;
}

}  // namespace stent::create
