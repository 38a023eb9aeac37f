#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "create/review/code_rules.hpp"
#include "create/review/constants_used.hpp"
#include "create/review/names.hpp"
#include "create/review/step_order.hpp"
#include "create/review/texts.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

/// No stores, and nothing called but what looks at its arguments.
bool is_pure(const FunctionFacts& facts) {
  return std::ranges::none_of(facts.accesses, [](const Access& access) { return access.is_written; }) &&
         std::ranges::all_of(facts.calls, [&](const Call& call) {
           return call.name == facts.name || keeps_nothing(plain_name(call.name)) ||
                  decides_order(plain_name(call.name));
         });
}

/// "if 12 0" (less) as it is with both sides exchanged (greater).
std::string exchanged(const std::string& text) {
  static const std::map<std::string, std::string> twins = {
      {"2 0", "6 1"},   {"6 1", "2 0"},   {"2 1", "6 0"},   {"6 0", "2 1"},
      {"12 0", "14 1"}, {"14 1", "12 0"}, {"12 1", "14 0"}, {"14 0", "12 1"}};
  const std::size_t space = text.find(' ');
  const auto twin = twins.find(space == std::string::npos ? "" : text.substr(space + 1));
  return twin == twins.end() ? "" : text.substr(0, space + 1) + twin->second;
}

/// The same code but for conditions whose two sides changed places: less became greater.
bool is_reversed(const FunctionPair& pair) {
  const auto& olds = pair.before->code;
  const auto& news = pair.after->code;
  int reversed = 0;
  for (std::size_t i = 0; i < olds.size() && olds.size() == news.size(); ++i) {
    if (olds[i].second == news[i].second) continue;
    if (exchanged(olds[i].second) != news[i].second) return false;
    ++reversed;
  }
  return reversed > 0;
}

/// Its code stands in that of the other.
bool is_inside(const dwarf::InlinedCall& inner, const dwarf::InlinedCall& outer) {
  return std::ranges::any_of(inner.ranges, [&](const auto& range) {
    return std::ranges::any_of(outer.ranges, [&](const auto& around) {
      return range.first >= around.first && range.second <= around.second;
    });
  });
}

class MeaningRules {
 public:
  MeaningRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      if (!unit_->sorts_only_locals(pair.before->name)) {
        check_order(pair);
        check_inlined_order(pair);
      }
      check_computation(pair);
      check_permuted(pair);
    }
    check_shared_constants();
    check_states();
    check_fields();
  }

 private:
  void report(const FunctionPair& pair, Level level, const char* kind, const std::string& what,
              const char* why, const char* remedy) {
    Finding finding = about(pair, level, kind);
    finding.message = pair.name() + ": " + what;
    finding.why = why;
    finding.remedy = level == Level::note ? "" : remedy;
    findings_->add(pair.name(), std::move(finding));
  }

  [[nodiscard]] bool returns_unsigned(const FunctionPair& pair) const {
    return pair.old_declaration != nullptr &&
           spell(unit_->before.debug, pair.old_declaration->result).starts_with("unsigned");
  }

  void report_order(const FunctionPair& pair, const std::string& name) {
    findings_->add(pair.name(), about_order(pair, name));
  }

  static bool compares_values(const Comparison& comparison) {
    return !comparison.left.is(Value::Kind::constants) && !comparison.right.is(Value::Kind::constants);
  }

  /// More arithmetic beside more comparisons is that of checks.
  static bool computes_otherwise(const FunctionPair& pair) {
    const auto olds = computed_constants(*pair.before), news = computed_constants(*pair.after);
    const bool checks_more = pair.before->comparisons.size() < pair.after->comparisons.size();
    return olds != news && !(checks_more && std::ranges::includes(news, olds));
  }

  void check_order(const FunctionPair& pair) {
    if (collects_differences(pair)) return;
    const std::string plain = plain_name(pair.name());
    const bool decides =
        decides_order(plain) || (decides_place(plain) && (computes_otherwise(pair) || is_reordered(pair)));
    if ((decides && is_pure(*pair.after)) || is_container(pair.name()))
      return report_order(pair, pair.name());
    if (is_reversed(pair) && std::ranges::any_of(pair.after->comparisons, compares_values))
      return report_order(pair, pair.name());
    const auto callers = unit_->before.callers.find(pair.before->name);
    if (callers == unit_->before.callers.end()) return;
    for (const std::string& caller : callers->second) {
      const FunctionFacts* facts = unit_->before.find(caller);
      if (facts != nullptr && is_called_by_search(*facts, pair.before->name)) report_order(pair, pair.name());
      if (facts == nullptr || !facts->addressed.contains(pair.before->name)) continue;
      for (const Call& call : facts->calls)
        if (is_search(plain_name(call.name))) report_order(pair, pair.name());
    }
  }

  /// A search or a container of the library, inlined into the function `facts`, asks `comparator`.
  [[nodiscard]] bool is_called_by_search(const FunctionFacts& facts, const std::string& comparator) const {
    const dwarf::Function* declared = unit_->before.declaration(facts.name);
    if (declared == nullptr) return false;
    return std::ranges::any_of(facts.calls, [&](const Call& call) {
      return call.name == comparator && call.at &&
             std::ranges::any_of(declared->inlined, [&](const dwarf::InlinedCall& search) {
               return (is_search(plain_name(search.name)) || is_container(search.name)) &&
                      search.contains(*call.at);
             });
    });
  }

  void check_inlined_order(const FunctionPair& pair) {
    if (pair.old_declaration == nullptr || pair.new_declaration == nullptr || collects_differences(pair))
      return;
    std::set<std::string> names;
    const auto& inlined = pair.new_declaration->inlined;
    const auto is_in_search = [&](const dwarf::InlinedCall& inner) {
      return std::ranges::any_of(inlined, [&](const dwarf::InlinedCall& call) {
        return (is_search(plain_name(call.name)) || is_container(call.name)) && is_inside(inner, call);
      });
    };
    for (const dwarf::InlinedCall& call : inlined) {
      const std::string plain = plain_name(call.name);
      if (is_library_code(call.name) || is_destructor(call.name) || compares_nothing(call.name) ||
          call.place.file.find("/c++/") != std::string::npos)
        continue;
      if (decides_order(plain) || (!is_search(plain) && !is_container(call.name) && is_in_search(call)))
        names.insert(call.name);
    }
    for (const std::string& name : names)
      if (inlined_code_changed(*unit_, pair, name)) report_order(pair, name);
    const auto is_other = [&](const FunctionPair& host, const std::string& name) {
      return inlined_code_changed(*unit_, host, name) || inlined_is_reordered(host, name);
    };
    for (const dwarf::InlinedCall& call : inlined)
      if (decides_place(plain_name(call.name)) && is_other(pair, call.name) &&
          std::ranges::any_of(unit_->changed, [&](const FunctionPair& host) {
            return host.after != pair.after && (is_other(host, call.name) || share_data(*unit_, host, pair));
          }))
        report_order(pair, call.name);
  }

  /// The same code with constants that changed places: what each of them meant, another one means now.
  void check_permuted(const FunctionPair& pair) {
    const auto& olds = pair.before->code;
    const auto& news = pair.after->code;
    std::multiset<std::string> lost, gained;
    for (std::size_t i = 0; i < olds.size() && olds.size() == news.size(); ++i) {
      const std::string &a = olds[i].second, &b = news[i].second;
      if (a == b) continue;
      if (a.substr(0, a.rfind(' ')) != b.substr(0, b.rfind(' ')) || a.find(' ') == std::string::npos ||
          b.find(' ') == std::string::npos)
        return;
      lost.insert(a.substr(a.rfind(' ')));
      gained.insert(b.substr(b.rfind(' ')));
    }
    if (lost.size() < 2 || lost != gained || a_condition(olds, news)) return;
    report(pair, Level::review, "stored-value", "constants of its code changed places",
           "values that exist were stored with the old meaning of each", "keep the meaning of each number");
  }

  using Code = std::vector<std::pair<std::uint32_t, std::string>>;
  static bool a_condition(const Code& olds, const Code& news) {
    for (std::size_t i = 0; i < olds.size(); ++i)
      if (olds[i].second != news[i].second && olds[i].second.starts_with("if ")) return true;
    return false;
  }

  /// A function without effects whose constants changed, and on which several others build.
  void check_computation(const FunctionPair& pair) {
    if (!is_pure(*pair.before) || !is_pure(*pair.after) || !returns_unsigned(pair)) return;

    const auto callers = unit_->before.callers.find(pair.before->name);
    if (computed_constants(*pair.before) == computed_constants(*pair.after) ||
        callers == unit_->before.callers.end() || callers->second.size() < 2)
      return;
    report(pair, Level::review, "computation", "its arithmetic changed, and several functions build on it",
           "what the old code computed is kept somewhere", "keep the results for what exists");
  }

  using Swap = std::pair<std::int64_t, std::int64_t>;

  /// A count and the size of so many elements change alike: 64 to 256 and 512 to 2048. Of two with equal
  /// ratio one may be a multiple of the other.
  static bool is_multiple(const Swap& big, const Swap& small) {
    constexpr std::int64_t least = 4;
    return small.first >= least && small.second >= least && big.first % small.first == 0;
  }

  static Swap ratio(const Swap& swap) {
    const std::int64_t divisor = std::gcd(swap.first, swap.second);
    return divisor == 0 ? swap : Swap{swap.first / divisor, swap.second / divisor};
  }

  void check_shared_constants() {
    std::map<Swap, std::set<const FunctionPair*>> swaps;
    for (const FunctionPair& pair : unit_->changed) {
      const Numbers olds = used(*pair.before), news = used(*pair.after);
      const Numbers lost = without(olds, news), gained = without(news, olds);
      constexpr std::size_t most = 4;
      if (lost.size() > most || gained.size() > most) continue;
      const auto is_compared = [](const FunctionFacts& facts, std::int64_t number) {
        return facts.constants.contains({Use::compared, number});
      };
      for (const std::int64_t a : lost)
        for (const std::int64_t b : gained) {
          swaps[{a, b}].insert(&pair);
          // "less than n" is "at most n - 1".
          if (is_compared(*pair.before, a) && is_compared(*pair.after, b))
            swaps[{a + 1, b + 1}].insert(&pair);
        }
    }
    std::map<Swap, std::vector<const Swap*>> by_ratio;
    for (const auto& [swap, own] : swaps) by_ratio[ratio(swap)].push_back(&swap);
    for (const auto& [swap, own] : swaps) {
      std::set<const FunctionPair*> pairs = own;
      for (const Swap* other : by_ratio.at(ratio(swap)))
        if (is_multiple(*other, swap)) pairs.insert(swaps.at(*other).begin(), swaps.at(*other).end());
      if (pairs.size() < 2) continue;
      for (const FunctionPair* pair : pairs)
        report(*pair, Level::review, "shared-constant",
               fmt::format("{} is {} now, in {} functions", swap.first, swap.second, pairs.size()),
               "several functions agree on it: what exists was made with the old value",
               "check that nothing that exists depends on the old value, or acknowledge");
    }
  }

  using States = std::map<std::string, std::pair<Numbers, Numbers>>;  // place -> stored, compared

  static std::string state_key(const std::string& place) {
    const std::size_t sign = place.find_last_of("+-");
    const bool pointed = place.starts_with('*') || place.starts_with('?');
    return pointed && sign != std::string::npos ? place.substr(sign) : place;
  }

  static States states(const Side& side) {
    States all;
    for (const auto& [name, facts] : side.facts) {
      for (const Access& access : facts.accesses)
        if (access.is_written && !access.is_adjustment && access.value.is(Value::Kind::constants))
          for (const std::int64_t number : access.value.numbers) {
            // Two neighbouring members can be stored at once.
            if (access.size == 8)
              all[state_key(access.place)].first.insert(static_cast<std::int32_t>(number));
            all[state_key(access.place)].first.insert(number);
          }
      for (const Comparison& comparison : facts.comparisons)
        if (comparison.left.is(Value::Kind::loaded) && comparison.right.is(Value::Kind::constants))
          all[state_key(comparison.left.name)].second.insert(comparison.right.numbers.begin(),
                                                             comparison.right.numbers.end());
    }
    return all;
  }

  /// A value that the old code stored and looked for, and that the new code does not know.
  void check_states() {
    if (unit_->changed.empty()) return;
    const States olds = states(unit_->before);
    const States news = states(unit_->after);
    for (const auto& [place, before] : olds) {
      const auto now = news.find(place);
      if (now == news.end()) continue;
      for (const std::int64_t value : before.first) {
        const bool was_known = before.second.contains(value);
        if (!was_known || now->second.second.contains(value) || now->second.first.contains(value)) continue;
        if (without(now->second.second, before.second).empty()) continue;
        report(unit_->changed.front(), Level::review, "stored-value",
               fmt::format("{} is stored in {} by the old code, and the new code does not know it", value,
                           place),
               "values that exist lose their meaning", "keep the old values for what they meant");
      }
    }
  }

  /// A field that only new code stores and reads: existing objects never had it set.
  void check_fields() {
    const auto bytes = [](const Side& side, bool written) {
      std::map<std::int64_t, std::set<std::string>> all;
      for (const auto& [name, facts] : side.facts)
        for (const Access& access : facts.accesses)
          if (!is_library_code(name) && !access.is_static && (written ? access.is_written : access.is_read))
            for (std::int64_t i = 0; i < access.size; ++i) all[access.offset + i].insert(name);
      return all;
    };
    const auto old_writes = bytes(unit_->before, true), old_reads = bytes(unit_->before, false);
    const auto writes = bytes(unit_->after, true), reads = bytes(unit_->after, false);
    for (const auto& [byte, writers] : writes) {
      const auto readers = reads.find(byte);
      if (readers == reads.end() || old_writes.contains(byte) || old_reads.contains(byte)) continue;
      if (readers->second == writers && writers.size() == 1) continue;
      for (const FunctionPair& pair : unit_->changed)
        if (writers.contains(pair.name()))
          report(pair, Level::review, "new-field",
                 fmt::format("it sets byte {} of an object, which no code used before, and others read it",
                             byte),
                 "objects that exist never had it set", "treat objects without it as the old code did");
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_meaning(const ReviewedUnit& unit, Findings& findings) { MeaningRules(unit, findings).run(); }

}  // namespace stent::review
