#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/diff/object_index.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/joined_section.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

constexpr const char* remedy = "check every function that takes the lock, threads that hold it now included";

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

/// What an exception releases is unknown often: it is compared only where nothing else is known.
bool released_differ(const FunctionFacts& before, const FunctionFacts& after) {
  const auto known = [](std::set<std::string> events) {
    std::erase_if(events, [](const std::string& event) { return event.ends_with("()"); });
    return events;
  };
  const std::set<std::string> olds = released(before), news = released(after);
  const std::set<std::string> old_known = known(olds), new_known = known(news);
  return old_known.empty() || new_known.empty() ? olds != news : old_known != new_known;
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

/// On the stack, or in the object that the function returns.
bool is_own_memory(const Value& value, bool returns_object) {
  if (value.is(Value::Kind::stack)) return true;
  return returns_object && ((value.is(Value::Kind::parameter) && value.offset == 0) ||
                            (value.is(Value::Kind::address) && value.name == "*p0"));
}

/// Formats or copies within this call's own memory.
bool works_on_own_memory(const Call& call, bool returns_object) {
  const std::string plain = plain_name(call.name);
  const auto is_literal = [](const Value& value) {
    return value.is(Value::Kind::address) && value.name.starts_with('"');
  };
  if (!is_own_memory(call.arguments[0], returns_object)) return false;
  if (plain == "memset" || plain == "strlen") return true;
  if (plain.ends_with("printf"))
    return keeps_nothing(plain) && std::ranges::any_of(call.arguments, is_literal) &&
           std::ranges::none_of(call.arguments, [&](const Value& value) {
             return is_literal(value) && value.name.find("%s") != std::string::npos;
           });
  const bool copies = keeps_nothing(plain) || is_library_code(call.name);
  return copies && (call.arguments[1].is(Value::Kind::stack) || is_literal(call.arguments[1]));
}

/// The library's own means of getting memory, and of saying that there is none.
bool asks_for_memory(const Call& call) {
  const std::string plain = plain_name(call.name);
  return plain.starts_with("operator new") || plain.starts_with("operator delete") ||
         (is_library_code(call.name) && plain.starts_with("throw_"));
}

/// Tells what time it is, and nothing keeps that.
bool only_tells_time(const FunctionFacts& facts, const Call& call) {
  const std::string result = call.name + "()";
  return tells_time(plain_name(call.name)) && std::ranges::none_of(facts.accesses, [&](const Access& access) {
           return access.is_written &&
                  (access.stored.empty() || access.stored.find(result) != std::string::npos);
         });
}

/// By memory and by callee: whether it happens with a lock held, without one, or both.
std::map<std::string, std::set<bool>> protection(const FunctionFacts& facts, bool returns_object) {
  std::map<std::string, std::set<bool>> by;
  for (const Access& access : facts.accesses)
    if (!access.place.starts_with('?') && !(returns_object && access.place.starts_with("*p0")))
      by[access.place].insert(is_held(access.locks));
  for (const Call& call : facts.calls)
    if (!synchronises(plain_name(call.name)) && !works_on_own_memory(call, returns_object) &&
        !asks_for_memory(call) && !only_tells_time(facts, call))
      by[call.name + "()"].insert(is_held(call.locks));
  return by;
}

/// Of a function whose shared pointers count for nothing; else null.
using Declarations = std::pair<const dwarf::Function*, const dwarf::Function*>;

class LockRules {
 public:
  LockRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    for (const auto& [name, facts] : unit.before.facts) known_.merge(atomic_places(facts));
  }

  void run() {
    for (const FunctionPair& pair : unit_->changed) compare(pair);
    for (const FunctionFacts* added : unit_->added) report_added(*added);
  }

 private:
  void report(const FunctionPair& pair, const std::string& what) {
    Finding finding = about(pair, Level::review, "synchronisation");
    finding.message = pair.name() + ": " + what;
    finding.why = "code that is not replaced, and threads in the middle of the old code, do not expect it";
    finding.remedy = remedy;
    findings_->add(pair.name(), std::move(finding));
  }

  void report_added(const FunctionFacts& added) {
    const auto events = taken(added);
    const bool counts_for_library = is_library_code(added.name) && events.empty();
    if (counts_for_library || (events.empty() && added.atomics == 0)) return;
    const bool is_own = unit_->comes_along(added.name) && synchronises_only_own(added);
    Finding finding;
    finding.level = is_own ? Level::note : Level::review;
    finding.kind = "synchronisation";
    finding.message = fmt::format("the new function {} takes or signals {}", added.name,
                                  events.empty() ? "atomics" : fmt::format("{}", fmt::join(events, ", ")));
    finding.why =
        is_own ? "it comes along with its unit, and nothing else of the process knows it"
               : "code that is not replaced, and threads in the middle of the old code, do not expect it";
    if (!is_own) finding.remedy = remedy;
    finding.functions = {added.name};
    if (const auto* declared = unit_->after.declaration(added.name)) finding.new_place = declared->place;
    findings_->add(added.name, std::move(finding));
  }

  /// Variables of the unit itself.
  [[nodiscard]] bool synchronises_only_own(const FunctionFacts& facts) const {
    const auto is_own = [&](const std::string& name) {
      return std::ranges::any_of(unit_->after.object->atoms, [&](const model::Atom& atom) {
        return atom.kind != model::AtomKind::code && !atom.name.empty() &&
               diff::without_ordinals(atom.name) == name;
      });
    };
    return std::ranges::all_of(facts.calls,
                               [&](const Call& call) {
                                 const Value& of = call.arguments[0];
                                 return !synchronises(plain_name(call.name)) ||
                                        (of.is(Value::Kind::address) && is_own(of.name));
                               }) &&
           std::ranges::all_of(facts.accesses, [&](const Access& access) {
             return !access.is_atomic ||
                    (access.is_static && is_own(access.place.substr(0, access.place.find_first_of("+["))));
           });
  }

  void compare(const FunctionPair& pair) {
    const FunctionFacts& before = *pair.before;
    const FunctionFacts& after = *pair.after;
    const auto old_events = taken(before), new_events = taken(after);
    const bool joins = joins_section(*unit_, pair);
    if (joins) {
      note(pair, "it takes a lock for a part of the call, as others do for the same memory",
           "whoever holds it calls nothing that waits, in the old code and in the new");
    } else if (old_events != new_events && is_widened(before, after)) {
      note(pair, "its sections of one lock became fewer, and hold it in between",
           "what was protected still is, by the same lock");
    } else if (old_events != new_events)
      report(pair, fmt::format("it takes or signals [{}] before, [{}] now", fmt::join(old_events, ", "),
                               fmt::join(new_events, ", ")));
    else if (released_differ(before, after) || held_at_return(before) != held_at_return(after))
      report(pair, "it gives back other locks than before, or returns with other locks held");
    else if (order(before) != order(after))
      report(pair, "it takes its locks in another order");
    else
      compare_protection(pair);
    const Declarations declarations = keeps_owner_for_call(*unit_, pair)
                                          ? Declarations{pair.old_declaration, pair.new_declaration}
                                          : Declarations{};
    if (before.fences != after.fences ||
        swaps(before, declarations.first) != swaps(after, declarations.second) ||
        atomics_differ(pair, declarations))
      report(pair, "its atomic operations are others than before");
    compare_kinds(pair);
    compare_wrappers(pair);
    if (!joins) compare_brackets(pair);
  }

  /// Its sections of one lock became one: what was in them still is, it calls there only what it called there
  /// or what waits for nobody, and every way out gives the lock back.
  static bool is_widened(const FunctionFacts& before, const FunctionFacts& after) {
    const auto olds = taken(before), news = taken(after);
    const std::set<std::string> locks(olds.begin(), olds.end());
    const bool fewer = news.size() < olds.size() && locks.size() == 1 &&
                       std::set<std::string>(news.begin(), news.end()) == locks;
    if (!fewer || released_differ(before, after) || held_at_return(before) != held_at_return(after))
      return false;
    const auto was = protection(before, false), is = protection(after, false);
    for (const auto& [what, held] : is) {
      if (!held.contains(true)) continue;
      const auto known = was.find(what);
      const bool is_call = what.ends_with("()");
      const bool is_quiet = is_call && keeps_nothing(plain_name(what.substr(0, what.size() - 2)));
      if (is_call && !is_quiet && (known == was.end() || !known->second.contains(true))) return false;
    }
    return std::ranges::all_of(was, [&](const auto& entry) {
      const auto now = is.find(entry.first);
      const bool is_call = entry.first.ends_with("()");
      if (is_call && keeps_nothing(plain_name(entry.first.substr(0, entry.first.size() - 2)))) return true;
      return !entry.second.contains(true) || now == is.end() || now->second == std::set<bool>{true};
    });
  }

  void note(const FunctionPair& pair, const std::string& what, const char* why) {
    Finding finding = about(pair, Level::note, "synchronisation");
    finding.message = pair.name() + ": " + what;
    finding.why = why;
    findings_->add(pair.name(), std::move(finding));
  }

  /// Attributes with which locks and conditions are made.
  static std::multiset<std::string> attributes(const FunctionFacts& facts) {
    std::multiset<std::string> all;
    for (const Call& call : facts.calls) {
      const std::string plain = plain_name(call.name);
      const bool is_kind = plain.find("condattr_set") != std::string::npos ||
                           plain.find("mutexattr_set") != std::string::npos ||
                           plain.find("rwlockattr_set") != std::string::npos;
      if (is_kind) all.insert(plain + "(" + call.arguments[1].text() + ")");
    }
    return all;
  }

  void compare_kinds(const FunctionPair& pair) {
    const auto old_kinds = attributes(*pair.before), new_kinds = attributes(*pair.after);
    if (old_kinds != new_kinds)
      report(pair,
             fmt::format(
                 "it makes locks or conditions with [{}] before, with [{}] now: those that exist are of the "
                 "old kind",
                 fmt::join(old_kinds, ", "), fmt::join(new_kinds, ", ")));
  }

  /// Exchanged, or compared and exchanged: what a lock or a state is made of, unlike a counter.
  static std::multiset<std::string> swaps(const FunctionFacts& facts, const dwarf::Function* declaration) {
    std::multiset<std::string> places;
    for (const Access& access : facts.accesses)
      if (access.is_atomic && access.is_swap && !counts_owners(declaration, access))
        places.insert(access.place + " = " + access.value.text());
    return places;
  }

  /// Calls of the unit's own functions that return with a lock taken or given back.
  [[nodiscard]] static std::multiset<std::string> wrappers(const Side& side, const FunctionFacts& facts) {
    std::multiset<std::string> all;
    for (const Call& call : facts.calls) {
      const FunctionFacts* callee = side.find(call.name);
      if (callee == nullptr || callee == &facts) continue;
      if (std::ranges::any_of(callee->locks_at_return, [](const Locks& locks) { return !locks.empty(); }))
        all.insert(call.name);
    }
    return all;
  }

  void compare_wrappers(const FunctionPair& pair) {
    if (wrappers(unit_->before, *pair.before) != wrappers(unit_->after, *pair.after))
      report(pair, "it calls functions that take or give back a lock in another way than before");
  }

  /// By what they are given: functions of which nothing is known but that they are called for one thing.
  static std::map<std::string, std::multiset<std::string>> visitors(const Side& side,
                                                                    const FunctionFacts& facts) {
    std::map<std::string, std::multiset<std::string>> all;
    for (const Call& call : facts.calls) {
      const dwarf::Function* declared = side.declaration(call.name);
      if (declared != nullptr && declared->parameters.empty() && !declared->is_variadic) continue;
      const Value& of = call.arguments[0];
      const std::string plain = plain_name(call.name);
      const bool is_literal = of.is(Value::Kind::address) && of.name.starts_with('"');
      if (of.origin().empty() || of.is(Value::Kind::stack) || is_literal || keeps_nothing(plain)) continue;
      if (is_allocator(plain) || is_release(plain) || call.name == "__cxa_throw") continue;
      if (is_library_code(call.name) && !synchronises(plain)) continue;
      all[of.origin()].insert(call.name);
    }
    return all;
  }

  /// Two calls for one thing that came, or went, together: they may open and close a section.
  void compare_brackets(const FunctionPair& pair) {
    const auto olds = visitors(unit_->before, *pair.before), news = visitors(unit_->after, *pair.after);
    for (const auto& [more, fewer] : {std::pair(&news, &olds), std::pair(&olds, &news)})
      for (const auto& [thing, calls] : *more) {
        const auto known = fewer->find(thing);
        std::multiset<std::string> rest = calls;
        if (known != fewer->end())
          for (const std::string& name : known->second)
            if (const auto at = rest.find(name); at != rest.end()) rest.erase(at);
        const std::set<std::string> names(rest.begin(), rest.end());
        if (names.size() == 2 && rest.size() == calls.size())
          report(pair, fmt::format("the calls of {} for {} {} together", fmt::join(names, " and "), thing,
                                   more == &news ? "came" : "went"));
      }
  }

  [[nodiscard]] static std::set<std::string> atomic_places(const FunctionFacts& facts,
                                                           const dwarf::Function* declaration = nullptr) {
    std::set<std::string> places;
    for (const Access& access : facts.accesses)
      if (access.is_atomic && !counts_owners(declaration, access)) places.insert(access.place);
    return places;
  }

  /// The same is added as before, and nothing can come between any more: nobody can tell that but by the sum.
  [[nodiscard]] bool is_only_indivisible(const FunctionPair& pair, const std::string& place) const {
    if (!unit_->is_private(place.substr(0, place.find_first_of("+[")))) return false;
    std::set<std::pair<std::string, unsigned>> divided, whole;
    for (const Access& access : pair.before->accesses)
      if (access.place == place && access.is_written && !access.is_atomic &&
          (access.is_adjustment || !access.stored.empty()))
        divided.emplace(access.stored, access.size);
    for (const Access& access : pair.after->accesses) {
      if (access.place != place || !access.is_atomic) continue;
      if (!access.is_adjustment || access.is_swap) return false;
      whole.emplace(access.stored, access.size);
    }
    return std::ranges::includes(divided, whole) &&
           std::ranges::none_of(unit_->after.facts, [&](const auto& entry) {
             return std::ranges::any_of(entry.second.accesses, [&](const Access& access) {
               return access.place == place && access.is_written && !access.is_atomic;
             });
           });
  }

  /// One more operation on what the unit treats so already is no difference.
  [[nodiscard]] bool atomics_differ(const FunctionPair& pair, const Declarations& declarations) const {
    std::set<std::string> now = atomic_places(*pair.after, declarations.second);
    std::erase_if(now, [&](const std::string& place) { return is_only_indivisible(pair, place); });
    return !std::ranges::includes(now, atomic_places(*pair.before, declarations.first)) ||
           !std::ranges::includes(known_, now);
  }

  /// In memory that its caller made room for: the first argument.
  [[nodiscard]] bool returns_object(const FunctionPair& pair) const {
    constexpr std::uint64_t two_registers = 16;
    if (pair.old_declaration == nullptr) return false;
    const dwarf::Type& type = unit_->before.debug[pair.old_declaration->result];
    return type.kind == dwarf::TypeKind::structure && type.size > two_registers;
  }

  static bool same_calls(const FunctionPair& pair) { return pair.before->callees() == pair.after->callees(); }

  void compare_protection(const FunctionPair& pair) {
    if (order(*pair.before).empty() && released(*pair.before).empty()) return;
    const bool in_memory = returns_object(pair);
    const auto olds = protection(*pair.before, in_memory);
    const auto news = protection(*pair.after, in_memory);
    for (const auto& [what, held] : olds) {
      const auto now = news.find(what);
      if (now == news.end() || now->second == held) continue;
      const bool is_always = now->second == std::set<bool>{true};
      if (held.size() == 2 && is_always) continue;
      // Into the section that was there: whoever looks without the lock sees what could be seen before.
      if (is_always && order(*pair.before) == order(*pair.after) && same_calls(pair)) continue;
      report(pair, what + " is used with the lock held in another way than before");
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::set<std::string> known_;  ///< what the old unit treats atomically
};

}  // namespace

void report_locks(const ReviewedUnit& unit, Findings& findings) { LockRules(unit, findings).run(); }

}  // namespace stent::review
