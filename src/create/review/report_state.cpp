#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "create/review/code_rules.hpp"
#include "create/review/library_names.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"
#include "create/review/type_life.hpp"

namespace stent::review {
namespace {

/// A place in static storage, or in objects behind any pointer: what is stored there outlives the call.
using Place = std::pair<std::string, std::int64_t>;

/// What is known of the stores to one place.
struct Stored {
  Texts texts;
  std::set<unsigned> sizes;
  bool is_known = true;              ///< every store's value is
  std::set<std::int64_t> arguments;  ///< numbers of those that are stored whole
};

using Stores = std::map<Place, Stored>;

bool is_named(const Access& access) {
  return !access.place.starts_with('?') && !access.place.starts_with("tls");
}

Place place_of(const Access& access) {
  if (!access.is_static) return {"*", access.offset};
  const std::size_t sign = access.offset == 0 ? std::string::npos : access.place.find_last_of("+-");
  return {access.place.substr(0, sign), access.offset};
}

/// Of the object that the function returns nothing exists before, and one that lives for one call is made
/// anew.
Stores stores(const FunctionFacts& facts, bool makes_result = false) {
  Stores all;
  for (const Access& access : facts.accesses) {
    if (!access.is_written || !is_named(access)) continue;
    if (makes_result && access.place.starts_with("*p0")) continue;
    Stored& stored = all[place_of(access)];
    Texts texts;
    for (const std::string& text : meanings(access.stored)) texts.insert(without_choices(text));
    stored.is_known = stored.is_known && !texts.empty();
    stored.texts.insert(texts.begin(), texts.end());
    stored.sizes.insert(access.size);
    if (access.size == sizeof(void*) && access.value.is(Value::Kind::parameter))
      stored.arguments.insert(access.value.offset);
  }
  return all;
}

bool covers(const Stores& stores, const Place& place, unsigned size) {
  return std::ranges::any_of(stores, [&](const auto& entry) {
    const auto& [at, stored] = entry;
    const std::int64_t end = at.second + *stored.sizes.rbegin();
    return at.first == place.first && at.second < place.second + size && place.second < end;
  });
}

/// Counted up or down.
bool is_step(const std::string& text) { return text.starts_with("step{"); }
bool is_number(const std::string& text) { return text.starts_with('{'); }
bool is_zero(const std::string& text) { return text == "{0}"; }

/// Characters of a text that is stored by constants.
bool is_characters(const std::string& text) {
  constexpr std::int64_t largest_number = 1 << 24;
  return is_number(text) && std::abs(std::atoll(text.c_str() + 1)) > largest_number;
}

/// Part of an object of the library, as the library left it.
bool is_of_library(const std::string& text) {
  return text.starts_with("&*_ZNSt") || text.starts_with("&*_ZNKSt");
}

std::string place_text(const Place& place) {
  return place.first == "*"  ? fmt::format("byte {} of an object", place.second)
         : place.second == 0 ? place.first
                             : fmt::format("{}{:+}", place.first, place.second);
}

class StateRules {
 public:
  StateRules(const ReviewedUnit& unit, Findings& findings)
      : unit_(&unit), findings_(&findings), lives_(unit) {
    for (const auto& [name, facts] : unit.before.facts) {
      for (auto& [place, stored] : stores(facts)) known_[place].merge(Texts(stored.texts));
      for (const Comparison& comparison : facts.comparisons) note_comparison(compared_, comparison);
    }
    for (const auto& [name, facts] : unit.after.facts)
      for (const Comparison& comparison : facts.comparisons) note_comparison(compared_now_, comparison);
    for (const FunctionPair& pair : unit.changed) now_.push_back(stores(*pair.after));
    for (const FunctionFacts* added : unit.added) now_.push_back(stores(*added));
  }

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      if (is_library_code(pair.name()) && unit_->sorts_only_locals(pair.before->name)) continue;
      const bool makes_result = returns_library_object(pair) || is_given_local(pair);
      const Stores olds = stores(*pair.before, makes_result), news = stores(*pair.after, makes_result);
      for (const auto& [place, before] : olds) {
        const auto after = news.find(place);
        if (after != news.end())
          compare(pair, place, before, after->second);
        else if (!covers(news, place, *before.sizes.rbegin()))
          dropped(pair, place, before);
      }
      for (const auto& [place, after] : news)
        if (!olds.contains(place) && !covers(olds, place, *after.sizes.rbegin())) gained(pair, place, after);
      compare_preparations(pair);
      if (!makes_result) compare_copies(pair);
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what) {
    Finding finding = about(pair, Level::review, "stored-value");
    finding.message = pair.name() + ": " + what;
    finding.why =
        "what exists was stored by the old rule, and is read by the new one or by code that is not replaced";
    finding.remedy = "keep what is stored as it was, or treat what exists as the old code did";
    findings_->add(pair.name(), std::move(finding));
  }

  static void note_comparison(std::map<Place, Texts>& all, const Comparison& comparison) {
    if (!comparison.left.is(Value::Kind::loaded) || !comparison.right.is(Value::Kind::constants)) return;
    const std::string& name = comparison.left.name;
    const std::size_t sign = name.find_last_of("+-");
    if (!name.starts_with('*') || sign == std::string::npos) return;
    const Texts texts = alternatives(comparison.right.text());
    all[{"*", std::atoll(name.c_str() + sign)}].insert(texts.begin(), texts.end());
  }

  /// A string, or another class of the library, in memory that the caller made room for: argument 0.
  [[nodiscard]] bool returns_library_object(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr) return false;
    const dwarf::Type& type = unit_->before.debug[pair.old_declaration->result];
    return type.kind == dwarf::TypeKind::structure && type.name.starts_with("std::");
  }

  /// Its first argument leads to an object that its caller has on the stack, and nobody anywhere else.
  [[nodiscard]] bool is_given_local(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.old_declaration->parameters.empty() ||
        unit_->is_callable_from_outside(pair.before->name))
      return false;
    const dwarf::DebugInfo& info = unit_->before.debug;
    const dwarf::Type& pointer = info[pair.old_declaration->parameters.front().type];
    const bool is_pointer =
        pointer.kind == dwarf::TypeKind::pointer || pointer.kind == dwarf::TypeKind::reference;
    return is_pointer && info[pointer.target].kind == dwarf::TypeKind::structure &&
           lives_.of(pointer.target).kind == TypeLife::Kind::local;
  }

  void compare(const FunctionPair& pair, const Place& place, const Stored& before, const Stored& after) {
    if (before.sizes != after.sizes) return;
    if (!before.is_known || !after.is_known) return compare_unknown(pair, place);
    const Texts lost = without(before.texts, after.texts), gained = without(after.texts, before.texts);
    const bool is_other = std::ranges::any_of(lost, [](const std::string& text) { return !is_number(text); });
    if (is_other && is_reinterpreted(pair, place))
      return report(
          pair, fmt::format("it stores [{}] in {} where it stored [{}], and others compute with it "
                            "in another way now",
                            fmt::join(after.texts, ", "), place_text(place), fmt::join(before.texts, ", ")));
    if (gained.empty()) return compare_sources(pair, place, before, after);
    const Texts known = known_.contains(place) ? known_.at(place) : Texts{};
    Texts strange = without(gained, known);
    std::erase_if(strange,
                  [](const std::string& text) { return is_characters(text) || is_of_library(text); });
    if (strange.empty() || only_narrowed(lost, gained)) return;
    const bool is_addition = lost.empty();
    if (is_addition && std::ranges::all_of(strange, [&](const std::string& text) {
          return is_harmless(place, text) || only_narrowed(before.texts, {text});
        }))
      return;
    report(pair, fmt::format("it stores [{}] in {} where it stored [{}]", fmt::join(after.texts, ", "),
                             place_text(place), fmt::join(before.texts, ", ")));
  }

  /// Nothing tells whether it stores the same as before, and others take the bits of it in another way.
  void compare_unknown(const FunctionPair& pair, const Place& place) {
    if (is_reinterpreted(pair, place, "&"))
      report(pair,
             fmt::format("what it stores in {} is not known, and others take its bits in another way now",
                         place_text(place)));
  }

  /// Another function that changed adds something to the member newly, or takes something off no longer, and
  /// the other way round.
  [[nodiscard]] bool is_reinterpreted(const FunctionPair& writer, const Place& place,
                                      std::string_view signs = "+-&") const {
    return place.first == "*" && std::ranges::any_of(unit_->changed, [&](const FunctionPair& reader) {
             return reader.after != writer.after && std::ranges::any_of(signs, [&](char sign) {
                      const Combined one{place.second, sign};
                      return reader.before->combined.contains(one) != reader.after->combined.contains(one);
                    });
           });
  }

  /// What others make of numbers and texts that this function hands them: "f({1})".
  static Texts makings(const FunctionFacts& facts, const Texts& stored) {
    Texts all;
    for (const Call& call : facts.calls) {
      if (!stored.contains(call.name + "()")) continue;
      for (std::size_t i = 0; i < call.arguments.size(); ++i)
        if (call.arguments[i].is(Value::Kind::constants))
          all.insert(fmt::format("{}({} as argument {})", call.name, call.arguments[i].text(), i + 1));
    }
    return all;
  }

  void compare_sources(const FunctionPair& pair, const Place& place, const Stored& before,
                       const Stored& after) {
    const Texts olds = makings(*pair.before, before.texts), news = makings(*pair.after, after.texts);
    const Texts lost = without(olds, news), gained = without(news, olds);
    if (place.first == "*" || lost.empty() || gained.empty()) return;
    report(pair, fmt::format("it stores [{}] in {} where it stored [{}]", fmt::join(gained, ", "),
                             place_text(place), fmt::join(lost, ", ")));
  }

  /// A further constant where nothing tells constants apart: a limit, or a start.
  [[nodiscard]] bool is_harmless(const Place& place, const std::string& text) const {
    if (is_step(text) || is_zero(text)) return true;
    const auto at = compared_.find(place), now = compared_now_.find(place);
    const bool is_known = at != compared_.end() && at->second.contains(text);
    if (!is_known && now != compared_now_.end() && now->second.contains(text)) return false;
    return is_number(text) &&
           (at == compared_.end() || at->second.contains(text) || at->second == Texts{"{0}"});
  }

  /// Nothing stores it any more, here or in another new function.
  void dropped(const FunctionPair& pair, const Place& place, const Stored& before) {
    const bool elsewhere = std::ranges::any_of(
        now_, [&](const Stores& stores) { return covers(stores, place, *before.sizes.rbegin()); });
    if (elsewhere || !before.is_known || place.second < 0 || leaves_it_so(pair, place, before)) return;
    report(pair, fmt::format("it stores nothing in {} any more, where it stored [{}]", place_text(place),
                             fmt::join(before.texts, ", ")));
  }

  /// What was counted up is counted down on every way (report_ownership.cpp compares the counts), or zeroes
  /// are stored by the library with others.
  static bool leaves_it_so(const FunctionPair& pair, const Place& place, const Stored& before) {
    const std::string there = fmt::format("{:+}", place.second);
    const bool counts = std::ranges::all_of(before.texts, [&](const std::string& text) {
      return is_step(text) || (text.starts_with('*') && text.ends_with(there));
    });
    return counts || (before.texts == Texts{"{0}"} &&
                      (pair.after->calls_to("calloc") || pair.after->calls_to("memset")));
  }

  /// A place that this function did not store to.
  void gained(const FunctionPair& pair, const Place& place, const Stored& after) {
    const Texts known = known_.contains(place) ? known_.at(place) : Texts{};
    if (is_reinterpreted(pair, place))
      return report(pair,
                    fmt::format("it changes what is in {}, and others compute with it in another way now",
                                place_text(place)));
    if (std::ranges::any_of(after.arguments, [&](std::int64_t n) { return is_pointer(pair, n); }))
      return report(pair, fmt::format("it keeps a pointer that it is given, in {}", place_text(place)));
    const auto at = compared_.find(place);
    for (const std::string& text : without(after.texts, known))
      if (is_number(text) && !is_harmless(place, text) && at != compared_.end())
        report(pair,
               fmt::format("it stores {} in {}, which nothing stored there before", text, place_text(place)));
  }

  /// Taken for one as long as the declaration does not tell.
  [[nodiscard]] bool is_pointer(const FunctionPair& pair, std::int64_t argument) const {
    if (pair.new_declaration == nullptr) return true;
    const auto& parameters = pair.new_declaration->parameters;
    const auto index = static_cast<std::size_t>(argument);
    if (index >= parameters.size()) return true;
    const auto kind = unit_->after.debug[parameters[index].type].kind;
    return kind == dwarf::TypeKind::pointer || kind == dwarf::TypeKind::reference;
  }

  /// Static storage that a function outside fills, by what it is called with.
  static std::set<std::string> preparations(const FunctionFacts& facts) {
    std::set<std::string> all;
    for (const Call& call : facts.calls) {
      const Value& to = call.arguments[0];
      if (!to.is(Value::Kind::address) || to.name.starts_with('"') || to.name.starts_with('*')) continue;
      if (keeps_nothing(plain_name(call.name))) continue;
      std::string text = call.name + "(" + to.origin();
      for (std::size_t i = 1; i < call.arguments.size(); ++i)
        if (call.arguments[i].is(Value::Kind::constants) || call.arguments[i].name.starts_with('"'))
          text += " " + call.arguments[i].text();
      all.insert(std::move(text));
    }
    return all;
  }

  void compare_preparations(const FunctionPair& pair) {
    const auto olds = preparations(*pair.before), news = preparations(*pair.after);
    for (const std::string& lost : without(olds, news))
      for (const std::string& gained : without(news, olds))
        if (lost.substr(0, lost.find(' ')) == gained.substr(0, gained.find(' ')))
          report(pair, fmt::format("it prepares static storage by {}) where it did by {})", gained, lost));
  }

  /// Memory of others that the library copies to.
  static Texts copies(const FunctionFacts& facts) {
    Texts all;
    for (const Call& call : facts.calls) {
      const Value& to = call.arguments[0];
      if (!returns_first_argument(plain_name(call.name)) || to.is(Value::Kind::stack)) continue;
      const std::string text = to.text();
      if (is_made_in_call(text)) continue;
      all.merge(text.empty() ? Texts{""} : alternatives(text));
    }
    return all;
  }

  void compare_copies(const FunctionPair& pair) {
    const Texts olds = copies(*pair.before), news = copies(*pair.after);
    const Texts lost = without(olds, news), gained = without(news, olds);
    if (olds.contains("") || news.contains("") || lost.empty() || gained.empty() ||
        only_narrowed(lost, gained))
      return;
    report(pair, fmt::format("it copies to [{}] where it copied to [{}]", fmt::join(gained, ", "),
                             fmt::join(lost, ", ")));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  TypeLives lives_;
  std::map<Place, Texts> known_;  ///< everything that the old unit stores there
  std::map<Place, Texts> compared_,
      compared_now_;  ///< the constants that the old and the new unit compare it with
  std::vector<Stores> now_;
};

}  // namespace

void report_state(const ReviewedUnit& unit, Findings& findings) { StateRules(unit, findings).run(); }

}  // namespace stent::review
