#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "create/review/code_rules.hpp"

namespace stent::review {
namespace {

/// What a function accesses at known distances behind pointers that it was not given, by the pointer.
using Behind = std::map<std::string, std::vector<const Access*>>;

Behind behind_pointers(const FunctionFacts& facts) {
  Behind all;
  for (const Access& access : facts.accesses) {
    const std::size_t sign = access.place.find_last_of("+-");
    if (!access.place.starts_with('*') || sign == std::string::npos || access.place.ends_with("[]")) continue;
    const std::string pointer = access.place.substr(1, sign - 1);
    const bool is_argument = pointer.size() == 2 && pointer[0] == 'p';
    if (!is_argument && pointer.find("()") == std::string::npos) all[pointer].push_back(&access);
  }
  return all;
}

/// A loop that the compiler unrolled as a whole: equal reads, one as far from the next as that from its next.
std::optional<Reach> row(const std::string& pointer, const std::vector<const Access*>& accesses) {
  constexpr std::size_t fewest = 6;
  std::set<std::int64_t> places;
  std::set<unsigned> sizes;
  for (const Access* access : accesses)
    if (access->is_read) {
      places.insert(access->offset);
      sizes.insert(access->size);
    }
  const bool is_text = sizes.contains(1);
  if (places.size() < fewest || sizes.size() != 1 || is_text) return std::nullopt;
  const std::int64_t step = *std::next(places.begin()) - *places.begin();
  for (auto at = places.begin(); std::next(at) != places.end(); ++at)
    if (*std::next(at) - *at != step) return std::nullopt;
  return Reach{pointer, *places.rbegin() + *sizes.begin(), step};
}

/// By the pointer: the farthest that a function's loops go, with what they do for the last ones without a
/// loop.
std::map<std::string, Reach> farthest(const FunctionFacts& facts) {
  std::map<std::string, Reach> all;
  for (const Reach& reach : facts.reaches) {
    const auto [at, is_first] = all.try_emplace(reach.pointer, reach);
    if (!is_first && at->second.bytes < reach.bytes) at->second = reach;
  }
  for (const auto& [pointer, accesses] : behind_pointers(facts)) {
    const auto known = all.find(pointer);
    if (known == all.end()) {
      if (const auto found = row(pointer, accesses)) all.emplace(pointer, *found);
      continue;
    }
    for (const Access* access : accesses)
      known->second.bytes = std::max(known->second.bytes, access->offset + access->size);
  }
  return all;
}

class ReachRules {
 public:
  ReachRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    for (const auto& [name, facts] : unit.before.facts)
      for (const auto& [pointer, reach] : farthest(facts)) {
        std::int64_t& known = known_[pointer];
        known = std::max(known, reach.bytes);
      }
  }

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      const auto olds = farthest(*pair.before), news = farthest(*pair.after);
      for (const auto& [pointer, reach] : news)
        if (const auto before = olds.find(pointer); before != olds.end())
          compare(pair, pointer, before->second, reach);
    }
  }

 private:
  void compare(const FunctionPair& pair, const std::string& pointer, const Reach& before,
               const Reach& after) {
    const std::int64_t was = before.bytes, is = after.bytes;
    const std::int64_t least = std::min(before.step, after.step), most = std::max(before.step, after.step);
    if (was < 2 * least || is < 2 * least) return;  // one object, not a row of them
    const bool is_known = is > was && is <= known_.at(pointer);
    const bool is_shorter = is <= was && was - is <= most;  // the last place too many was a mistake
    if (is_known || is_shorter) return;
    Finding finding = about(pair, Level::review, "reach");
    finding.message =
        fmt::format("{}: its loop goes through {} bytes of what {} points to, and went through {}",
                    pair.name(), is, pointer, was);
    finding.why = "that memory exists, and was made for as many elements as the old code went through";
    finding.remedy = "keep the number for memory that exists, or store it beside the memory";
    findings_->add(pair.name(), std::move(finding));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::map<std::string, std::int64_t> known_;  ///< by the pointer: as far as any loop of the old unit goes
};

}  // namespace

void report_reach(const ReviewedUnit& unit, Findings& findings) { ReachRules(unit, findings).run(); }

}  // namespace stent::review
