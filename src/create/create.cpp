#include "create/create.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "create/bind_units.hpp"
#include "create/choose_consistency.hpp"
#include "create/choose_units.hpp"
#include "create/collect_pairs.hpp"
#include "create/compare_units.hpp"
#include "create/describe_patch.hpp"
#include "create/emit/emit_image.hpp"
#include "create/emit/self_verify.hpp"
#include "create/refuse_units.hpp"
#include "create/require_hosts.hpp"
#include "create/review_units.hpp"
#include "create/write_report.hpp"

namespace stent::create {
namespace {

model::Image load_target(const Request& request) {
  model::Image target = model::load_image(request.target, {.roots = request.debug_roots});
  if (request.same_build)
    model::adopt_symbols(target, model::load_image(*request.same_build, {.roots = request.debug_roots}));
  if (target.soname == "linux-vdso.so.1")
    throw Error(ErrorCode::refused, request.target.string() + " is the vdso, which belongs to the kernel",
                "patch the program or the library that calls it");
  return target;
}

}  // namespace

Outcome create(const Request& request) {
  Outcome outcome;
  const model::Image target = load_target(request);
  std::vector<compile::ChangedFile> files;
  const std::vector<compile::ObjectPair> pairs = collect_pairs(request, outcome.notes, files);
  std::set<std::string> sources;
  const std::vector<ComparedUnit> compared = compare_units(pairs, outcome.notes, sources);
  if (compared.empty()) return outcome;
  const std::vector<ChosenUnit> chosen = choose_units(compared, target, outcome.notes);
  refuse_what_cannot_change(chosen);
  const std::vector<bind::BoundUnit> units = bind_units(chosen, target, outcome.notes);
  if (std::ranges::all_of(units, [](const bind::BoundUnit& unit) { return unit.replaced.empty(); }))
    return outcome;
  if (!request.explicit_pairs.empty()) require_inlined_hosts(target, units, sources);
  patch::Patch patch = describe_patch(request);
  std::vector<review::Finding> findings = review_units(chosen);
  patch.consistency = choose_consistency(request, chosen, findings);
  if (request.report) write_report(request, chosen, findings, files);
  patch.findings = accept_findings(findings, request.acknowledgements);
  patch.images.push_back(emit::emit_image(target, units));
  emit::self_verify(patch.images.back(), units);
  outcome.patch = std::move(patch);
  return outcome;
}

}  // namespace stent::create
