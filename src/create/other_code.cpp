#include "create/other_code.hpp"

#include <fmt/core.h>

#include <map>
#include <optional>

#include "create/guess_difference.hpp"
#include "create/question.hpp"

namespace stent::create {
namespace {

std::vector<Question> questions_of(const ChosenUnit& chosen, const bind::BoundUnit& bound,
                                   const model::Image& target) {
  std::vector<Question> questions;
  const model::Object& object = *chosen.unit->old_object;
  const std::map<model::AtomId, std::string> others = chosen.match.own_mismatches(object);
  for (const auto& [atom, meaning] : bound.atoms) {
    const std::optional<model::AtomId> old_atom =
        atom.value < bound.changes->old_atom.size() ? bound.changes->old_atom[atom.value] : std::nullopt;
    const auto other = old_atom ? others.find(*old_atom) : others.end();
    if (other == others.end()) continue;
    questions.push_back(
        {"other-code:" + object[*old_atom].name,
         fmt::format("new code of {} names {}, which {} holds with other code: {}; {}",
                     chosen.unit->pair.source, meaning.binding.name, target.path.filename().string(),
                     other->second, guess_difference(object, target))});
  }
  return questions;
}

}  // namespace

void ask_about_other_code(const std::vector<ChosenUnit>& chosen, const std::vector<bind::BoundUnit>& units,
                          const model::Image& target, std::vector<review::Finding>& findings) {
  for (std::size_t i = 0; i < chosen.size() && i < units.size(); ++i)
    for (review::Finding& finding :
         findings_of(questions_of(chosen[i], units[i], target),
                     "the new code was compiled for the function that the source gives: it may rely on what "
                     "that one leaves alone"))
      findings.push_back(std::move(finding));
}

}  // namespace stent::create
