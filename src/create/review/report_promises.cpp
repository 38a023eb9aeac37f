#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Offsets = std::set<std::int64_t>;

Offsets stored(const FunctionFacts& facts) {
  Offsets all;
  for (const Access& access : facts.accesses)
    if (access.is_written && !access.is_static) all.insert(access.offset);
  return all;
}

Offsets read(const FunctionFacts& facts) {
  Offsets all;
  for (const Access& access : facts.accesses)
    if (access.is_read && !access.is_static) all.insert(access.offset);
  for (const Call& call : facts.calls)  // through a pointer: "**p0+8"
    if (const std::size_t sign = call.name.find_last_of("+-");
        call.name.starts_with("**") && sign != std::string::npos)
      all.insert(std::atoll(call.name.c_str() + sign));
  return all;
}

/// Members that are asked whether they are zero.
Offsets asked_for_zero(const FunctionFacts& facts) {
  Offsets all;
  for (const Asked& asked : facts.asked)
    if (asked.number == 0) all.insert(asked.offset);
  return all;
}

/// By member: whether something is added to it, taken off it.
std::map<std::int64_t, std::set<int>> counted(const FunctionFacts& facts) {
  std::map<std::int64_t, std::set<int>> all;
  for (const Access& access : facts.accesses)
    if (access.direction != 0 && !access.is_static) all[access.offset].insert(access.direction);
  return all;
}

/// What new code may take for granted of the objects that new code made, and not of those that exist.
class PromiseRules {
 public:
  PromiseRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    for (const auto& [name, facts] : unit.before.facts)
      for (const auto& [offset, directions] : counted(facts)) counted_.insert(offset);
  }

  void run() {
    for (const FunctionPair& maker : unit_->changed)
      for (const FunctionPair& user : unit_->changed) {
        compare_questions(maker, user);
        compare_makers(maker, user);
        compare_fillings(maker, user);
        compare_counts(maker, user);
      }
    for (const FunctionPair& pair : unit_->changed) {
      check_kept_answer(pair);
      check_direction(pair);
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what, const char* why) {
    Finding finding = about(pair, Level::review, "new-state");
    finding.message = pair.name() + ": " + what;
    finding.why = why;
    finding.remedy = "treat objects that exist as the old code did, or bring them up to date from a hook";
    findings_->add(pair.name(), std::move(finding));
  }

  /// One sets a member newly, and another asks no longer whether it is set.
  void compare_questions(const FunctionPair& maker, const FunctionPair& user) {
    const Offsets set = without(stored(*maker.after), stored(*maker.before));
    const Offsets lost = without(asked_for_zero(*user.before), asked_for_zero(*user.after));
    const Offsets used = read(*user.after);
    for (const std::int64_t offset : set)
      if (lost.contains(offset) && used.contains(offset))
        report(user,
               fmt::format("it asks no longer whether byte {} of an object is zero, which {} sets now",
                           offset, maker.name()),
               "objects that exist were made by the old code, which left it zero");
  }

  static bool is_constructor(const std::string& symbol) {
    return symbol.starts_with("_Z") &&
           (symbol.find("C1E") != std::string::npos || symbol.find("C2E") != std::string::npos);
  }

  /// The class of which it is a method.
  [[nodiscard]] std::string class_of(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.old_declaration->parameters.empty()) return {};
    const dwarf::DebugInfo& info = unit_->before.debug;
    const dwarf::Type& pointer = info[pair.old_declaration->parameters.front().type];
    return pointer.kind == dwarf::TypeKind::pointer ? info[pointer.target].name : "";
  }

  /// A constructor does more with its object, and a method keeps up less of it.
  void compare_makers(const FunctionPair& maker, const FunctionPair& user) {
    if (&maker == &user || !is_constructor(maker.name()) || is_library_code(maker.name())) return;
    if (class_of(maker).empty() || class_of(maker) != class_of(user)) return;
    const bool does_more = std::ranges::any_of(maker.after->calls, [&](const Call& call) {
      const std::string object = call.arguments[0].origin();
      const bool is_of_object =
          object == "p0" || object.starts_with("&*p0") || is_allocator(plain_name(call.name));
      return is_of_object && !maker.before->calls_to(call.name);
    });
    const Offsets lost = without(stored(*user.before), stored(*user.after));
    if (!does_more || lost.empty()) return;
    report(user,
           fmt::format(
               "it stores nothing in byte {} of its object any more, and the constructor does more with it",
               *lost.begin()),
           "objects that exist were made by the old constructor");
  }

  /// Containers among the members of its object that it puts things into, by their offsets.
  static Offsets filled(const FunctionFacts& facts) {
    Offsets all;
    for (const Call& call : facts.calls) {
      const Value& to = call.arguments[0];
      const bool grows = std::ranges::any_of(
          std::initializer_list<const char*>{"_M_realloc_insert", "_M_realloc_append", "push_back",
                                             "emplace_back", "push_front", "emplace_front"},
          [&](const char* name) { return call.name.find(name) != std::string::npos; });
      if (grows && to.is(Value::Kind::address) && to.name == "*p0") all.insert(to.offset);
      if (grows && to.is(Value::Kind::parameter) && to.offset == 0) all.insert(0);
    }
    for (const Access& access : facts.accesses)  // inlined: one more element before the end
      if (access.place == fmt::format("*p0{:+}", access.offset) && access.size == sizeof(void*) &&
          access.stored.starts_with("step{") && !access.stored.starts_with("step{-"))
        all.insert(access.offset);
    return all;
  }

  /// A constructor puts more into a container of its object, and a method that goes through it changed.
  void compare_fillings(const FunctionPair& maker, const FunctionPair& user) {
    if (&maker == &user || !is_constructor(maker.name()) || is_library_code(maker.name())) return;
    if (class_of(maker).empty() || class_of(maker) != class_of(user)) return;
    const Offsets used = read(*user.before);
    for (const std::int64_t offset : without(filled(*maker.after), filled(*maker.before)))
      if (used.contains(offset) || used.contains(offset + std::int64_t{sizeof(void*)}))
        report(
            user,
            fmt::format("it goes through byte {} of its object in another way, and the constructor puts more "
                        "there",
                        offset),
            "objects that exist were made by the old constructor");
  }

  /// One adds to a member newly, and another takes off: what exists was never counted.
  void compare_counts(const FunctionPair& adds, const FunctionPair& takes) {
    const auto ups = counted(*adds.after), downs = counted(*takes.after);
    for (const auto& [offset, directions] : ups) {
      const auto down = downs.find(offset);
      if (!directions.contains(1) || down == downs.end() || !down->second.contains(-1)) continue;
      if (counted_.contains(offset)) continue;
      report(takes, fmt::format("it takes off byte {} of an object what {} adds now", offset, adds.name()),
             "what exists was put there by the old code, which did not count it");
    }
  }

  /// By member: the signs of the constants that are added to it.
  static std::map<std::int64_t, std::set<bool>> steps(const FunctionFacts& facts) {
    std::map<std::int64_t, std::set<bool>> all;
    for (const Access& access : facts.accesses)
      if (access.is_written && !access.is_static && access.stored.starts_with("step{"))
        all[access.offset].insert(access.stored.starts_with("step{-"));
    for (const Combined& one : facts.combined)
      if (one.sign == '<' || one.sign == '>') all[one.offset].insert(one.sign == '<');
    return all;
  }

  /// It counted a member up, and counts it down now, and nobody counts it up any more.
  void check_direction(const FunctionPair& pair) {
    const auto olds = steps(*pair.before), news = steps(*pair.after);
    for (const auto& [offset, signs] : olds) {
      const auto now = news.find(offset);
      if (signs.size() != 1 || now == news.end() || now->second.contains(*signs.begin())) continue;
      const bool elsewhere = std::ranges::any_of(unit_->after.facts, [&](const auto& entry) {
        const auto all = steps(entry.second);
        const auto at = all.find(offset);
        return at != all.end() && at->second.contains(*signs.begin());
      });
      if (!elsewhere)
        report(pair, fmt::format("it counts byte {} of an object the other way round", offset),
               "objects that exist were counted from the other end");
    }
  }

  /// What is kept is asked for again or handed out: a state that must be zero for the function to go on is no
  /// answer.
  static bool is_used(const FunctionFacts& facts, const std::string& place) {
    const auto has_it = [&](const Value& value) { return value.text().find(place) != std::string::npos; };
    const auto asks = std::ranges::count_if(facts.comparisons, [&](const Comparison& comparison) {
      return has_it(comparison.left) || has_it(comparison.right);
    });
    return asks > 1 || std::ranges::any_of(facts.returns, has_it);
  }

  /// Numbers that it stores in the member of its argument that it asks first: an answer that is found once
  /// and kept.
  static std::map<std::string, std::set<std::int64_t>> answers(const FunctionFacts& facts) {
    std::map<std::string, std::set<std::int64_t>> all;
    for (const Access& access : facts.accesses)
      if (access.is_written && access.place.starts_with("*p") && access.value.is(Value::Kind::constants) &&
          !access.is_adjustment)
        all[access.place].insert(access.value.numbers.begin(), access.value.numbers.end());
    std::erase_if(all, [&](const auto& entry) {
      const bool is_asked = std::ranges::any_of(facts.comparisons, [&](const Comparison& comparison) {
        return comparison.left.is(Value::Kind::loaded) && comparison.left.name == entry.first &&
               comparison.right.is_constant(0);
      });
      return entry.second.size() < 2 || entry.second.contains(0) || !is_asked || !is_used(facts, entry.first);
    });
    return all;
  }

  void check_kept_answer(const FunctionPair& pair) {
    const auto before = answers(*pair.before), after = answers(*pair.after);
    const bool decides_otherwise = pair.before->callees() != pair.after->callees() ||
                                   pair.before->comparisons.size() != pair.after->comparisons.size();
    for (const auto& [place, numbers] : before)
      if (decides_otherwise && after.contains(place))
        report(pair, fmt::format("it keeps its answer in {}, and finds it in another way now", place),
               "objects that exist keep the answer that the old code found");
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  Offsets counted_;  ///< members that the old unit adds to or takes off
};

}  // namespace

void report_promises(const ReviewedUnit& unit, Findings& findings) { PromiseRules(unit, findings).run(); }

}  // namespace stent::review
