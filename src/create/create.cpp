#include "create/create.hpp"

#include <algorithm>
#include <future>
#include <list>
#include <set>

#include "create/alternatives.hpp"
#include "create/bind_units.hpp"
#include "create/brought_parts.hpp"
#include "create/choose_consistency.hpp"
#include "create/choose_units.hpp"
#include "create/collect_pairs.hpp"
#include "create/compare_units.hpp"
#include "create/create_manual.hpp"
#include "create/describe_patch.hpp"
#include "create/emit/debug_sections.hpp"
#include "create/emit/emit_image.hpp"
#include "create/load_targets.hpp"
#include "create/needed_spares.hpp"
#include "create/other_code.hpp"
#include "create/question.hpp"
#include "create/reach_through_slots.hpp"
#include "create/refuse_units.hpp"
#include "create/require_hosts.hpp"
#include "create/require_same_units.hpp"
#include "create/review_units.hpp"
#include "create/shadow/add_shadow_runtime.hpp"
#include "create/unresolved_names.hpp"
#include "create/verify_file.hpp"
#include "create/write_report.hpp"

namespace stent::create {
namespace {

/// The units chosen for any of the targets.
std::vector<ChosenUnit> each_once(const std::list<std::vector<ChosenUnit>>& chosen) {
  std::vector<ChosenUnit> units;
  for (const std::vector<ChosenUnit>& of_one_target : chosen)
    for (const ChosenUnit& unit : of_one_target)
      if (std::ranges::find(units, unit.unit, &ChosenUnit::unit) == units.end()) units.push_back(unit);
  return units;
}

std::vector<std::vector<std::filesystem::path>> objects_of(const std::vector<VerifiedImage>& images) {
  std::vector<std::vector<std::filesystem::path>> objects;
  for (const VerifiedImage& image : images) {
    objects.emplace_back();
    for (const bind::BoundUnit& unit : image.units)
      if (!unit.replaced.empty()) objects.back().push_back(unit.new_object->path);
  }
  return objects;
}

/// Binds `units`, after adding what of `spares` they need, and replacing those that newly refer to data of
/// other modules. `again` then owns what is new.
std::vector<bind::BoundUnit> bind_emitted(std::vector<ChosenUnit>& units, const model::Image& target,
                                          const compile::SpareFinder& spares, std::list<ComparedUnit>& again,
                                          std::vector<std::string>& notes) {
  std::vector<std::string> said;
  std::vector<bind::BoundUnit> bound = bind_units(units, target, said);
  while (add_needed(units, bound, target, spares, again, notes)) {
    refuse_what_cannot_change(units);
    said.clear();
    bound = bind_units(units, target, said);
  }
  if (std::vector<ChosenUnit> other = reach_through_slots(units, bound, again); !other.empty()) {
    refuse_what_cannot_change(other);
    units = std::move(other);
    said.clear();
    bound = bind_units(units, target, said);
  }
  notes.insert(notes.end(), said.begin(), said.end());
  return bound;
}

bool holds(const std::vector<ChosenUnit>& units, const std::string& source) {
  return std::ranges::any_of(units, [&](const ChosenUnit& one) { return one.unit->pair.source == source; });
}

/// What the front end knows of, and the pairs that no part of was linked into this target.
compile::SpareFinder with_pairs_left(const compile::SpareFinder& find_spares,
                                     const std::vector<compile::ObjectPair>& pairs,
                                     const std::vector<ChosenUnit>& chosen) {
  return [&](const std::set<std::string>& names) {
    std::vector<compile::SpareUnit> spares = find_spares(names);
    for (const compile::ObjectPair& pair : pairs)
      if (!holds(chosen, pair.source)) spares.push_back({pair.source, pair.new_object, "", pair.old_object});
    return spares;
  };
}

/// Takes over those that come along as a whole, or of which nothing but dropped parts does, each once.
void add_come_along(const std::vector<ChosenUnit>& units, const std::vector<ChosenUnit>& chosen,
                    std::vector<ChosenUnit>& along) {
  for (const ChosenUnit& unit : units) {
    const std::string& source = unit.unit->pair.source;
    const bool is_whole = unit.unit->pair.old_object.empty();
    if ((is_whole || !holds(chosen, source)) && !holds(along, source)) along.push_back(unit);
  }
}

}  // namespace

Outcome create(const Request& request) {
  if (!request.manual_source.empty()) return create_manual(request);
  Outcome outcome;
  auto loading = std::async(std::launch::async, [&] { return load_targets(request); });
  const auto [pairs, questions, files, find_spares] = collect_pairs(request, outcome.notes);
  const std::vector<model::Image> targets = loading.get();
  std::vector<review::Finding> findings =
      findings_of(questions, "the diff changes more than the units that are compiled");
  std::set<std::string> sources;
  const std::vector<ComparedUnit> compared = compare_units(pairs, request.jobs, outcome.notes, sources);
  if (compared.empty()) {
    static_cast<void>(accept_findings(findings, request.acknowledgements));
    return outcome;
  }
  patch::Patch patch = describe_patch(request);
  std::list<std::vector<ChosenUnit>> chosen;  // bound units point into it
  std::list<ComparedUnit> again;              // and into it
  std::list<std::unique_ptr<shadow::Runtime>> runtimes;
  std::vector<VerifiedImage> made_from;
  std::vector<ChosenUnit> along;
  BroughtParts brought;
  for (const model::Image& target : targets) {
    chosen.push_back(choose_units(compared, target, outcome.notes));
    refuse_what_cannot_change(chosen.back());
    std::vector<ChosenUnit> emitted = chosen.back();
    std::vector<bind::BoundUnit> units = bind_emitted(
        emitted, target, with_pairs_left(find_spares, pairs, chosen.back()), again, outcome.notes);
    if (std::ranges::all_of(units, [](const bind::BoundUnit& unit) { return unit.replaced.empty(); }))
      continue;
    add_come_along(emitted, chosen.back(), along);
    const BroughtParts parts = brought_parts(emitted, units, target);
    require_same_units(emitted, target, parts);
    for (const auto& [source, names] : parts) brought[source].insert(names.begin(), names.end());
    for (review::Finding& finding :
         require_inlined_hosts(target, units, sources, request.explicit_pairs.empty()))
      findings.push_back(std::move(finding));
    runtimes.push_back(shadow::add_shadow_runtime(units));
    patch.images.push_back(emit::emit_image(target, units));
    ask_about_names(target, patch.images.back(), findings);
    ask_about_other_code(emitted, units, target, findings);
    if (request.explain) explain(emitted, units, patch.images.back().module_name, outcome.explanation);
    made_from.push_back({&target, units});
  }
  if (patch.images.empty()) return outcome;
  std::vector<ChosenUnit> reviewed = each_once(chosen);
  reviewed.insert(reviewed.end(), along.begin(), along.end());
  for (review::Finding& finding : review_units(reviewed, brought, request.jobs))
    findings.push_back(std::move(finding));
  patch.consistency = choose_consistency(request, patch, findings);
  if (request.report) write_report(request, reviewed, findings, files);
  patch.findings = accept_findings(findings, request.acknowledgements);
  mark_alternatives(patch);
  if (request.debug_information) patch.debug = emit::debug_sections(objects_of(made_from), patch);
  verify_file(patch, made_from, request.work_directory);
  outcome.patch = std::move(patch);
  return outcome;
}

}  // namespace stent::create
