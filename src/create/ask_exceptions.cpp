#include "create/ask_exceptions.hpp"

namespace stent::create {

void ask_about_exceptions(const std::vector<ChosenUnit>& units, std::vector<review::Finding>& findings) {
  for (const auto& [unit, match] : units) {
    review::Finding finding;
    for (const model::AtomId id : unit->changes->selected) {
      const auto& frame = unit->new_object->frames.at(id.value);
      if (frame && !frame->cie_references.empty())  // a personality routine
        finding.functions.push_back((*unit->new_object)[id].name);
    }
    if (finding.functions.empty()) continue;
    finding.kind = "exceptions";
    finding.id = "exceptions:" + unit->pair.source;
    finding.level = review::Level::review;
    finding.message = "new code of " + unit->pair.source + " throws, catches or cleans up after exceptions";
    finding.why =
        "the target's unwinder does not know the patch: an exception that meets it ends the process";
    finding.remedy =
        "make sure that no exception comes through these functions, or restart with the new build";
    findings.push_back(std::move(finding));
  }
}

}  // namespace stent::create
