#include "create/choose_consistency.hpp"

#include <fmt/core.h>

namespace stent::create {

patch::Consistency choose_consistency(const Request& request, const patch::Patch& patch,
                                      std::vector<review::Finding>& findings) {
  if (!request.entry_by_entry) return patch::Consistency::all;
  review::Finding finding;
  for (const patch::Image& image : patch.images)
    for (const patch::ReplacedFunction& function : image.replaced) finding.functions.push_back(function.name);
  if (finding.functions.size() > 1) {
    finding.id = finding.kind = "entry-by-entry";
    finding.level = review::Level::review;
    finding.message =
        fmt::format("{} functions changed together, and each switches on its own", finding.functions.size());
    finding.why =
        "an old caller may meet a new callee, which can destroy registers that the old one left alone "
        "(-fipa-ra), and a new caller an old frame";
    finding.remedy = "leave out --consistency entry, or make sure that every mix is right";
    findings.push_back(std::move(finding));
  }
  return patch::Consistency::entry;
}

}  // namespace stent::create
