#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

constexpr const char* remedy = "check every function that takes the lock, threads that hold it now included";

bool synchronises(const std::string& plain) {
  return lock_effect(plain) != LockEffect::none || plain.find("cond_") != std::string::npos ||
         plain.find("notify") != std::string::npos || plain.find("barrier") != std::string::npos ||
         plain.starts_with("sem_") || plain.find("futex") != std::string::npos;
}

std::string event(const Call& call) { return plain_name(call.name) + "(" + call.arguments[0].origin() + ")"; }

/// Everything that takes or signals, with the lock; releases are counted by their balance instead.
std::multiset<std::string> taken(const FunctionFacts& facts) {
  std::multiset<std::string> events;
  for (const Call& call : facts.calls)
    if (const std::string plain = plain_name(call.name);
        synchronises(plain) && lock_effect(plain) != LockEffect::unlock)
      events.insert(event(call));
  return events;
}

std::set<std::string> released(const FunctionFacts& facts) {
  std::set<std::string> events;
  for (const Call& call : facts.calls)
    if (lock_effect(plain_name(call.name)) == LockEffect::unlock) events.insert(event(call));
  return events;
}

std::vector<std::string> order(const FunctionFacts& facts) {
  std::vector<std::string> events;
  for (const Call& call : facts.calls)
    if (lock_effect(plain_name(call.name)) == LockEffect::lock) events.push_back(event(call));
  return events;
}

std::set<Locks> held_at_return(const FunctionFacts& facts) {
  return {facts.locks_at_return.begin(), facts.locks_at_return.end()};
}

bool is_held(const Locks& locks) {
  return std::ranges::any_of(locks, [](const auto& entry) { return entry.second > 0; });
}

/// By memory and by callee: whether it happens with a lock held, without one, or both.
std::map<std::string, std::set<bool>> protection(const FunctionFacts& facts) {
  std::map<std::string, std::set<bool>> by;
  for (const Access& access : facts.accesses)
    if (!access.place.starts_with('?')) by[access.place].insert(is_held(access.locks));
  for (const Call& call : facts.calls)
    if (!synchronises(plain_name(call.name))) by[call.name + "()"].insert(is_held(call.locks));
  return by;
}

class LockRules {
 public:
  LockRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) compare(pair);
    for (const FunctionFacts* added : unit_->added) {
      const auto events = taken(*added);
      if (events.empty() && added->atomics == 0) continue;
      Finding finding;
      finding.level = Level::review;
      finding.kind = "synchronisation";
      finding.message =
          fmt::format("the new function {} takes or signals {}", added->name, fmt::join(events, ", "));
      finding.why = "code that is not replaced, and threads in the middle of the old code, do not expect it";
      finding.remedy = remedy;
      finding.functions = {added->name};
      findings_->add(added->name, std::move(finding));
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what) {
    Finding finding = about(pair, Level::review, "synchronisation");
    finding.message = pair.name() + ": " + what;
    finding.why = "code that is not replaced, and threads in the middle of the old code, do not expect it";
    finding.remedy = remedy;
    findings_->add(pair.name(), std::move(finding));
  }

  void compare(const FunctionPair& pair) {
    const FunctionFacts& before = *pair.before;
    const FunctionFacts& after = *pair.after;
    const auto old_events = taken(before), new_events = taken(after);
    if (old_events != new_events)
      report(pair, fmt::format("it takes or signals [{}] before, [{}] now", fmt::join(old_events, ", "),
                               fmt::join(new_events, ", ")));
    else if (released(before) != released(after) || held_at_return(before) != held_at_return(after))
      report(pair, "it gives back other locks than before, or returns with other locks held");
    else if (order(before) != order(after))
      report(pair, "it takes its locks in another order");
    else
      compare_protection(pair);
    if (before.fences != after.fences || atomics_differ(before, after))
      report(pair, "its atomic operations are others than before");
  }

  [[nodiscard]] static std::set<std::string> atomic_places(const FunctionFacts& facts) {
    std::set<std::string> places;
    for (const Access& access : facts.accesses)
      if (access.is_atomic) places.insert(access.place);
    return places;
  }

  /// One more operation on what the unit treats so already is no difference.
  [[nodiscard]] bool atomics_differ(const FunctionFacts& before, const FunctionFacts& after) const {
    std::set<std::string> known;
    for (const auto& [name, facts] : unit_->before.facts) known.merge(atomic_places(facts));
    const std::set<std::string> now = atomic_places(after);
    return !std::ranges::includes(now, atomic_places(before)) || !std::ranges::includes(known, now);
  }

  void compare_protection(const FunctionPair& pair) {
    if (order(*pair.before).empty() && released(*pair.before).empty()) return;
    const auto olds = protection(*pair.before);
    const auto news = protection(*pair.after);
    for (const auto& [what, held] : olds) {
      const auto now = news.find(what);
      if (now == news.end() || now->second == held) continue;
      if (held.size() == 2 && now->second == std::set<bool>{true}) continue;
      report(pair, what + " is used with the lock held in another way than before");
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_locks(const ReviewedUnit& unit, Findings& findings) { LockRules(unit, findings).run(); }

}  // namespace stent::review
