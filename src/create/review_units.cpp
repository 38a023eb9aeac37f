#include "create/review_units.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "create/review/review.hpp"

namespace stent::create {
namespace {

const Acknowledgement* acknowledgement_of(const review::Finding& finding,
                                          const std::vector<Acknowledgement>& all) {
  auto at = std::ranges::find(all, finding.id, &Acknowledgement::first);
  if (at == all.end()) at = std::ranges::find(all, "*", &Acknowledgement::first);
  return at == all.end() ? nullptr : &*at;
}

void refuse_unknown(const std::vector<review::Finding>& findings, const std::vector<Acknowledgement>& all) {
  for (const auto& [id, reason] : all) {
    const auto at = std::ranges::find(findings, id, &review::Finding::id);
    if (at == findings.end() && id != "*")
      throw Error(ErrorCode::usage, fmt::format("--ack {}: the review found no such thing", id),
                  "use an id that `stent review` prints");
    if (reason.empty())
      throw Error(ErrorCode::usage, fmt::format("--ack {}: without a reason", id), "give --ack ID=REASON");
  }
}

std::string place_of(const review::Finding& finding) {
  const std::string place =
      dwarf::to_string(finding.new_place.value_or(finding.old_place.value_or(dwarf::SourcePlace{})));
  return place.empty() ? place : " (" + place + ")";
}

}  // namespace

std::vector<review::Finding> review_units(const std::vector<ChosenUnit>& units, const BroughtParts& brought,
                                          unsigned jobs) {
  std::vector<review::UnitPair> pairs;
  for (const auto& [unit, match, wanted] : units) {
    const auto parts = brought.find(unit->pair.source);
    pairs.push_back({unit->pair.source, unit->old_object.get(), unit->new_object.get(), unit->changes.get(),
                     parts == brought.end() ? std::set<std::string>() : parts->second});
  }
  return review::review(pairs, jobs);
}

std::vector<patch::Finding> accept_findings(const std::vector<review::Finding>& findings,
                                            const std::vector<Acknowledgement>& acknowledgements) {
  refuse_unknown(findings, acknowledgements);
  std::vector<patch::Finding> accepted;
  std::string refused, open;
  for (const review::Finding& finding : findings) {
    if (finding.level == review::Level::safe) continue;
    const Acknowledgement* given =
        finding.level == review::Level::review ? acknowledgement_of(finding, acknowledgements) : nullptr;
    const std::string line = fmt::format("\n  {}: {}{}\n    why: {}\n    what to do: {}", finding.id,
                                         finding.message, place_of(finding), finding.why, finding.remedy);
    if (finding.level == review::Level::refused) refused += line;
    if (finding.level == review::Level::review && given == nullptr) open += line;
    accepted.push_back({finding.id, review::to_string(finding.level), finding.message,
                        given == nullptr ? std::string() : given->second});
  }
  if (!refused.empty())
    throw Error(ErrorCode::refused, "the review refuses this change:" + refused,
                "change what it names, or restart the program with the new build instead");
  if (!open.empty())
    throw Error(ErrorCode::refused, "the review needs a person's decision:" + open,
                "where it is right all the same, say so with --ack ID=REASON");
  return accepted;
}

}  // namespace stent::create
