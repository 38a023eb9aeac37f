#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

bool duplicates(const std::string& plain) {
  return is_allocator(plain) || plain.find("dup") != std::string::npos ||
         plain.find("asprintf") != std::string::npos;
}

/// How often a function does what concerns ownership.
struct Counts {
  int up = 0, down = 0;        ///< references
  bool takes = false;          ///< a reference, by whichever instructions
  int made = 0, released = 0;  ///< objects
  std::set<std::string> made_by, released_by;
  std::set<std::string> released_parameters;
  std::set<std::string> released_members;  ///< "+16" of some object
};

/// "*p0+16" -> "+16"; empty for what is no member of an object.
std::string member_of(const std::string& place) {
  const std::size_t sign = place.find_last_of("+-");
  const bool is_pointed = place.starts_with('*') || place.starts_with('?');
  return is_pointed && sign != std::string::npos ? place.substr(sign) : "";
}

/// Gives back what is no memory: descriptors, streams, mappings.
bool closes(const std::string& plain) {
  static const std::set<std::string> names = {"close",   "fclose",       "pclose",  "closedir", "munmap",
                                              "dlclose", "freeaddrinfo", "regfree", "shmdt",    "mq_close"};
  return names.contains(plain);
}

/// It neither counts nor releases anything: its name tells of something else, as that of put_u32 does.
bool counts_nothing(const Side& side, const std::string& callee) {
  const FunctionFacts* facts = side.find(callee);
  return facts != nullptr && facts->atomics == 0 &&
         std::ranges::none_of(facts->accesses,
                              [](const Access& access) {
                                return access.is_adjustment || access.stored.starts_with("step{");
                              }) &&
         std::ranges::all_of(facts->calls, [](const Call& call) {
           const std::string plain = plain_name(call.name);
           return keeps_nothing(plain) && !is_release(plain);
         });
}

/// With `declaration`, what the library does for shared pointers is left out.
Counts count(const Side& side, const FunctionFacts& facts, const std::set<std::string>& statistics = {},
             const dwarf::Function* declaration = nullptr) {
  Counts counts;
  for (const Call& call : facts.calls) {
    if (declaration != nullptr && counts_owners(call)) continue;
    const std::string plain = plain_name(call.name);
    if (const CountEffect effect = count_effect(plain);
        effect != CountEffect::none && !counts_nothing(side, call.name))
      ++(effect == CountEffect::up ? counts.up : counts.down);
    else if (is_release(plain)) {
      ++counts.released;
      counts.released_by.insert(plain);
      if (call.arguments[0].is(Value::Kind::parameter))
        counts.released_parameters.insert(call.arguments[0].origin());
      if (call.arguments[0].is(Value::Kind::loaded))
        counts.released_members.insert(member_of(call.arguments[0].name));
    } else if (closes(plain)) {
      if (call.arguments[0].is(Value::Kind::parameter))
        counts.released_parameters.insert(call.arguments[0].origin());
    } else if (duplicates(plain)) {
      ++counts.made;
      counts.made_by.insert(plain);
    }
  }
  std::set<std::pair<std::string, std::string>> loaded, in_place;
  for (const Access& access : facts.accesses) {
    if (access.is_static || statistics.contains(member_of(access.place)) ||
        counts_owners(declaration, access))
      continue;
    if (access.is_adjustment && access.adjustment == 1) ++counts.up;
    if (access.is_adjustment && access.adjustment == -1) ++counts.down;
    counts.takes = counts.takes || access.stored == "step{1}";
    if (!access.is_adjustment)
      for (const std::string& one : alternatives(access.stored))
        if (one.starts_with("step{")) loaded.emplace(access.place, one);
    if (access.is_adjustment) in_place.emplace(access.place, access.stored);
  }
  // By a load and a store: one step, at however many places of the code.
  for (const auto& step : without(loaded, in_place)) {
    if (step.second == "step{1}") ++counts.up;
    if (step.second == "step{-1}") ++counts.down;
  }
  return counts;
}

struct Change {
  const FunctionPair* pair = nullptr;
  Counts before, after;

  [[nodiscard]] int up() const { return after.up - before.up; }
  [[nodiscard]] int down() const { return after.down - before.down; }
  [[nodiscard]] int made() const { return after.made - before.made; }
  [[nodiscard]] int released() const { return after.released - before.released; }
};

class OwnershipRules {
 public:
  OwnershipRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {
    const std::set<std::string> only_up = statistics();
    counters_ = counters();
    note_members();
    for (const FunctionPair& pair : unit.changed) {
      const bool keeps = keeps_owner_for_call(unit, pair);
      changes_.push_back({&pair,
                          count(unit.before, *pair.before, only_up, keeps ? pair.old_declaration : nullptr),
                          count(unit.after, *pair.after, only_up, keeps ? pair.new_declaration : nullptr)});
    }
  }

  void run() {
    check_references();
    check_shifts();
    for (const Change& change : changes_) {
      check_parameters(change);
      check_members(change);
      check_families(change);
      check_first_count(change);
      check_successor(change);
    }
  }

 private:
  void report(const Change& change, Level level, const char* kind, const std::string& what) {
    Finding finding = about(*change.pair, level, kind);
    finding.message = change.pair->name() + ": " + what;
    finding.why = level == Level::note
                      ? "the balance of other functions is not concerned"
                      : "objects that exist were made, counted or handed over under the old rule";
    if (level != Level::note) finding.remedy = "patch only what keeps the old rule for existing objects";
    findings_->add(change.pair->name(), std::move(finding));
  }

  void check_references() {
    const auto moved =
        std::ranges::count_if(changes_, [](const Change& c) { return c.up() != 0 || c.down() != 0; });
    for (const Change& change : changes_) {
      if (change.up() == 0 && change.down() == 0) continue;
      const bool balanced = moved == 1 && change.up() == change.down() && change.up() > 0;
      const bool gives_back_its_own = moved == 1 && change.up() == 0 && change.down() > 0 &&
                                      (change.before.takes || change.before.up > 0 || change.before.made > 0);
      report(change, balanced || gives_back_its_own ? Level::note : Level::review, "reference-count",
             fmt::format("references taken {:+}, given back {:+}", change.up(), change.down()));
    }
  }

  void check_shifts() {
    for (const Change& one : changes_)
      for (const Change& other : changes_) {
        if (one.pair == other.pair) continue;
        if (one.released() > 0 && other.released() < 0)
          report(one, Level::review, "ownership",
                 "it releases what " + other.pair->name() + " released before");
        if (one.released() > 0 && other.made() > 0)
          report(one, Level::review, "ownership",
                 "it releases more, and " + other.pair->name() + " makes more");
        if (one.released() < 0 && other.made() < 0)
          report(one, Level::review, "ownership",
                 "it releases less, and " + other.pair->name() + " makes less");
      }
  }

  void check_parameters(const Change& change) {
    const auto& olds = change.before.released_parameters;
    const auto& news = change.after.released_parameters;
    if (olds == news) {
      if (change.released() != 0 && !findings_->has("ownership", change.pair->name()))
        report(change, Level::note, "ownership", fmt::format("objects released {:+}", change.released()));
      return;
    }
    report(change, Level::review, "ownership",
           fmt::format("of its arguments it releases [{}] before, [{}] now", fmt::join(olds, ", "),
                       fmt::join(news, ", ")));
  }

  void note_members() {
    for (const auto& [name, facts] : unit_->before.facts) {
      released_.merge(count(unit_->before, facts).released_members);
      for (const Access& access : facts.accesses)
        if (access.is_written &&
            (access.value.is(Value::Kind::parameter) || access.value.is(Value::Kind::address)))
          borrowed_.insert(member_of(access.place));
    }
  }

  /// It releases what a member holds, which nothing released before and which was handed in: a borrowed one.
  void check_members(const Change& change) {
    for (const std::string& member : change.after.released_members) {
      if (member.empty() || change.before.released_members.contains(member)) continue;
      if (borrowed_.contains(member) && !released_.contains(member))
        report(change, Level::review, "ownership",
               "it releases a member that holds what others handed in, and that nothing released before");
    }
  }

  /// Calls that release in one build what another function gets in the other: "free" and "r->close".
  void check_successor(const Change& change) {
    const auto by_argument = [](const FunctionFacts& facts) {
      std::map<std::string, std::set<std::string>> all;
      for (const Call& call : facts.calls)
        if (const std::string origin = call.arguments[0].origin(); !origin.empty() && origin != "stack")
          all[origin].insert(call.name);
      return all;
    };
    const auto olds = by_argument(*change.pair->before), news = by_argument(*change.pair->after);
    for (const auto& [origin, before] : olds) {
      const auto after = news.find(origin);
      if (after == news.end()) continue;
      for (const std::string& lost : without(before, after->second))
        for (const std::string& gained : without(after->second, before))
          if ((is_release(plain_name(lost)) || is_release(plain_name(gained))) && !keeps(lost) &&
              !keeps(gained) && !ends_in(gained, lost))
            report(change, Level::review, "allocator",
                   fmt::format("{} goes to {} before, to {} now", origin, lost, gained));
    }
  }

  /// The unit's own `function` gives its argument to `release` in the end, as it did before.
  [[nodiscard]] bool ends_in(const std::string& function, const std::string& release) const {
    const FunctionFacts* facts = unit_->before.find(function);
    return facts != nullptr && std::ranges::any_of(facts->calls, [&](const Call& call) {
             return call.name == release && call.arguments[0].is(Value::Kind::parameter) &&
                    call.arguments[0].offset == 0;
           });
  }

  static bool keeps(const std::string& name) {
    const std::string plain = plain_name(name);
    return !is_release(plain) && keeps_nothing(plain);
  }

  /// Members that only ever go up, that nothing compares, and whose names tell of no references: statistics.
  [[nodiscard]] std::set<std::string> statistics() const {
    std::map<std::string, std::set<std::int64_t>> steps;
    std::set<std::string> compared;
    for (const Side* side : {&unit_->before, &unit_->after})
      for (const auto& [name, facts] : side->facts) {
        for (const Access& access : facts.accesses)
          if (access.is_adjustment && !access.is_static)
            steps[member_of(access.place)].insert(access.adjustment);
        for (const Comparison& comparison : facts.comparisons)
          for (const Value* value : {&comparison.left, &comparison.right})
            if (value->is(Value::Kind::loaded)) compared.insert(member_of(value->name));
      }
    std::set<std::string> found;
    for (const auto& [member, by] : steps)
      if (!by.contains(-1) && !compared.contains(member) && !may_count_references(member))
        found.insert(member);
    return found;
  }

  [[nodiscard]] bool may_count_references(const std::string& member) const {
    for (const dwarf::Type& type : unit_->after.debug.types)
      for (const dwarf::Member& one : type.members)
        if (fmt::format("{:+}", static_cast<std::int64_t>(one.bit_offset / 8)) == member &&
            tells_of_references(one.name))
          return true;
    return false;
  }

  /// The members of objects that go up or down by one somewhere in the unit, old or new.
  [[nodiscard]] std::set<std::string> counters() const {
    std::map<std::string, std::set<std::int64_t>> steps;
    for (const Side* side : {&unit_->before, &unit_->after})
      for (const auto& [name, facts] : side->facts)
        for (const Access& access : facts.accesses)
          if (access.is_adjustment && !access.is_static)
            steps[member_of(access.place)].insert(access.adjustment);
    std::set<std::string> found;
    for (const auto& [member, by] : steps)
      if (!member.empty() && (by.contains(1) || by.contains(-1))) found.insert(member);
    return found;
  }

  /// A counter that starts at another value than in the objects that exist.
  void check_first_count(const Change& change) {
    const auto first_counts = [&](const FunctionFacts& facts) {
      std::set<std::int64_t> numbers;
      for (const Access& access : facts.accesses)
        if (access.is_written && !access.is_adjustment && access.value.is(Value::Kind::constants) &&
            counters_.contains(member_of(access.place)))
          numbers.insert(access.value.numbers.begin(), access.value.numbers.end());
      return numbers;
    };
    const auto before = first_counts(*change.pair->before), after = first_counts(*change.pair->after);
    constexpr std::int64_t most = 2;  // a count starts low; a state that is stepped through need not
    const bool starts_as_cleared = before.empty() && after == std::set<std::int64_t>{0};
    if (starts_as_cleared || std::ranges::includes(before, after) || *after.rbegin() > most ||
        *after.begin() < 0)
      return;
    report(change, Level::review, "reference-count",
           fmt::format("a counter starts at [{}] before, at [{}] now", fmt::join(before, ", "),
                       fmt::join(after, ", ")));
  }

  /// free for one and pool_free for another: existing objects came from where they came from.
  void check_families(const Change& change) {
    const auto differ = [](const std::set<std::string>& a, const std::set<std::string>& b) {
      return !std::ranges::includes(a, b) && !std::ranges::includes(b, a);
    };
    if (differ(change.before.released_by, change.after.released_by) && !only_wraps(change))
      report(change, Level::review, "allocator",
             fmt::format("releases by [{}] before, by [{}] now", fmt::join(change.before.released_by, ", "),
                         fmt::join(change.after.released_by, ", ")));
    else if (differ(change.before.made_by, change.after.made_by))
      report(change, changes_.size() > 1 ? Level::review : Level::note, "allocator",
             fmt::format("makes objects by [{}] before, by [{}] now", fmt::join(change.before.made_by, ", "),
                         fmt::join(change.after.made_by, ", ")));
  }

  /// What it released by one function it gives to functions of the unit now that release by the same.
  [[nodiscard]] bool only_wraps(const Change& change) const {
    const auto lost = without(change.before.released_by, change.after.released_by);
    const auto gained = without(change.after.released_by, change.before.released_by);
    return std::ranges::all_of(gained, [&](const std::string& wrapper) {
      return std::ranges::all_of(lost, [&](const std::string& release) { return ends_in(wrapper, release); });
    });
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::vector<Change> changes_;
  std::set<std::string> counters_;  ///< members that go up or down by one
  std::set<std::string> borrowed_,
      released_;  ///< members that the old unit fills with what it is given; releases
};

}  // namespace

void report_ownership(const ReviewedUnit& unit, Findings& findings) { OwnershipRules(unit, findings).run(); }

}  // namespace stent::review
