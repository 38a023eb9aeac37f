#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "create/diff/object_index.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Numbers = std::set<std::int64_t>;
constexpr std::int64_t largest_status = 4096;

struct Results {
  Numbers constants;
  bool only_constants = true;
  bool from_table = false;  ///< the compiler's table of a switch
};

/// What a comparison of texts returned, after it was asked whether that is zero: compilers return it for
/// zero.
bool is_known_zero(const FunctionFacts& facts, const Value& value) {
  static const std::set<std::string> comparisons = {"strcmp", "strncmp",    "memcmp",
                                                    "bcmp",   "strcasecmp", "strncasecmp"};
  return value.is(Value::Kind::result) && comparisons.contains(plain_name(value.name)) &&
         std::ranges::any_of(facts.comparisons, [&](const Comparison& comparison) {
           return comparison.left == value && comparison.right.is_constant(0);
         });
}

Results results(const FunctionFacts& facts) {
  Results all;
  for (const Value& value : facts.returns) {
    if (is_known_zero(facts, value)) {
      all.constants.insert(0);
      continue;
    }
    all.constants.insert(value.numbers.begin(), value.numbers.end());
    all.only_constants = all.only_constants && value.is(Value::Kind::constants);
    all.from_table = all.from_table || value.name.starts_with("CSWTCH") ||
                     value.name.starts_with("switch.table") || value.name.starts_with(".rodata");
  }
  return all;
}

/// Constants that are not compared with: what results are made of.
Numbers made(const FunctionFacts& facts) {
  Numbers all;
  for (const auto& [use, number] : facts.constants)
    if (use == Use::computed || use == Use::other) all.insert(number);
  for (const Value& value : facts.returns) all.insert(value.numbers.begin(), value.numbers.end());
  return all;
}

/// Constants put into registers, but not as arguments of calls.
Numbers loaded(const FunctionFacts& facts) {
  Numbers all;
  for (const auto& [use, number] : facts.constants)
    if (use == Use::other) all.insert(number);
  for (const Call& call : facts.calls)
    for (const Value& argument : call.arguments)
      for (const std::int64_t number : argument.numbers) all.erase(number);
  return all;
}

/// The steps at which the code differs, when each is a condition that turned round; empty otherwise.
std::vector<std::string> inverted_conditions(const FunctionPair& pair) {
  const auto& olds = pair.before->code;
  const auto& news = pair.after->code;
  if (olds.size() != news.size()) return {};
  std::vector<std::string> found;
  for (std::size_t i = 0; i < olds.size(); ++i) {
    const std::string& a = olds[i].second;
    const std::string& b = news[i].second;
    if (a == b) continue;
    const bool is_condition = a.starts_with("if ") || a.starts_with("set ");
    if (!is_condition || a.substr(0, a.size() - 1) != b.substr(0, b.size() - 1)) return {};
    found.push_back(a);
  }
  return found;
}

class ResultRules {
 public:
  ResultRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      if (is_comparator(pair)) continue;
      if (returns_anything(pair)) check_texts(pair);
      if (!returns_number(pair)) continue;
      check_constants(pair);
      check_mixed(pair);
      check_signs(pair);
      check_inversion(pair);
    }
  }

 private:
  void report(const FunctionPair& pair, Level level, const std::string& what) {
    Finding finding = about(pair, level, "result");
    finding.message = pair.name() + ": " + what;
    finding.why = "callers that are not replaced go by the old meaning";
    finding.remedy = level == Level::note ? "" : "keep the results that exist";
    findings_->add(pair.name(), std::move(finding));
  }

  [[nodiscard]] bool returns_number(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr) return true;
    const auto kind = unit_->before.debug[pair.old_declaration->result].kind;
    return kind == dwarf::TypeKind::base || kind == dwarf::TypeKind::enumeration;
  }

  /// Called only by sorts and searches of what lives for one call: they ask for the sign alone.
  [[nodiscard]] bool is_comparator(const FunctionPair& pair) const {
    return unit_->sorts_only_locals(pair.before->name) && unit_->before.callers.contains(pair.before->name) &&
           std::ranges::none_of(
               unit_->before.facts,
               [&](const auto& entry) { return entry.second.calls_to(pair.before->name); }) &&
           !unit_->before.data_users.contains(pair.before->name) && decides_order_of_arrays(pair);
  }

  [[nodiscard]] bool decides_order_of_arrays(const FunctionPair& pair) const {
    return std::ranges::any_of(unit_->before.callers.at(pair.before->name), [&](const std::string& caller) {
      const FunctionFacts* facts = unit_->before.find(caller);
      return facts != nullptr && facts->addressed.contains(pair.before->name);
    });
  }

  [[nodiscard]] bool returns_anything(const FunctionPair& pair) const {
    return pair.old_declaration != nullptr &&
           unit_->before.debug[pair.old_declaration->result].kind != dwarf::TypeKind::void_ &&
           pair.after->can_return;
  }

  struct Returned {
    Texts numbers, others;
    bool is_known = true, has_new_object = false;
  };

  static Returned returned(const FunctionFacts& facts) {
    Returned all;
    for (const Value& value : facts.returns) {
      const Texts texts = meanings(value.text());
      all.is_known =
          all.is_known && !texts.empty() && !value.is(Value::Kind::stack) && !texts.contains("(copy)");
      for (const std::string& text : texts) {
        (text.starts_with('{') ? all.numbers : all.others).insert(text);
        all.has_new_object = all.has_new_object || text == "(new object)";
      }
    }
    return all;
  }

  /// What it returns is computed in another way, or belongs to someone else.
  void check_texts(const FunctionPair& pair) {
    const Returned before = returned(*pair.before), after = returned(*pair.after);
    const bool outside = unit_->is_callable_from_outside(pair.before->name);
    if (!outside) return;
    if (before.is_known && after.is_known && before.has_new_object != after.has_new_object &&
        !after.others.empty() && !before.others.empty())
      report(pair, Level::review,
             "it returns a new object in one build, and one of somebody else in the other");
    const bool was_null = before.numbers.contains("{0}") && !after.numbers.contains("{0}");
    const bool is_pointer =
        unit_->before.debug[pair.old_declaration->result].kind == dwarf::TypeKind::pointer;
    if (is_pointer && was_null && !without(after.others, before.others).empty())
      report(pair, Level::review, "it returns null no longer");
    compare_sources(pair, before, after);
    compare_units(pair);
  }

  static bool is_own(const Side& side, const std::string& callee) {
    const dwarf::Function* function = side.declaration(callee);
    return side.find(callee) != nullptr || (function != nullptr && !function->is_declaration);
  }

  /// Where the result comes from; what is computed is left out, for one computation can take many shapes.
  void compare_sources(const FunctionPair& pair, const Returned& before, const Returned& after) {
    const auto is_computed = [&](const std::string& text) {
      const bool is_call = text.ends_with("()") && text.find(' ') == std::string::npos;
      const std::string callee = is_call ? text.substr(0, text.size() - 2) : "";
      return text.starts_with('(') || text.starts_with("&*") || is_own(unit_->before, callee) ||
             is_own(unit_->after, callee) || keeps_nothing(plain_name(callee));
    };
    const Texts lost = without(before.others, after.others), gained = without(after.others, before.others);
    if (!before.is_known || !after.is_known || lost.empty() || gained.empty()) return;
    if (std::ranges::any_of(lost, is_computed) || std::ranges::any_of(gained, is_computed)) return;
    report(pair, Level::review,
           fmt::format("it returns [{}] before, [{}] now", fmt::join(before.others, ", "),
                       fmt::join(after.others, ", ")));
  }

  /// Seconds became milliseconds, bytes pages: it multiplies or divides by what usually parts two units.
  void compare_units(const FunctionPair& pair) {
    const auto units = [](const FunctionFacts& facts) {
      static const Numbers known = {24,   60,    100,     1000,    1024,       3600,
                                    4096, 86400, 1000000, 1 << 20, 1000000000, 1 << 30};
      constexpr std::int64_t reciprocal = 1 << 26;  // division by a constant multiplies with such
      Numbers found;
      for (const std::int64_t factor : facts.factors)
        if (known.contains(factor) || std::abs(factor) > reciprocal) found.insert(factor);
      return found;
    };
    const Numbers olds = units(*pair.before), news = units(*pair.after);
    if (unit_->sorts_only_locals(pair.before->name)) return;
    const bool replaces_other =
        without(olds, news).empty() && !without(pair.before->factors, pair.after->factors).empty();
    if (replaces_other) return;  // another constant, which is no unit, has a new value
    const bool checks_more = pair.before->comparisons.size() < pair.after->comparisons.size();
    if (olds == news || results(*pair.before).only_constants || (without(olds, news).empty() && checks_more))
      return;
    report(
        pair, Level::review,
        fmt::format("it computes with [{}] before, [{}] now", fmt::join(olds, ", "), fmt::join(news, ", ")));
  }

  void check_constants(const FunctionPair& pair) {
    const Results before = results(*pair.before), after = results(*pair.after);
    const Numbers lost = without(before.constants, after.constants);
    const Numbers gained = without(after.constants, before.constants);
    const bool replaced = !lost.empty() && !gained.empty();
    const bool became_status = !before.only_constants && after.only_constants && !gained.empty();
    const bool was_status = before.only_constants && !after.only_constants && !lost.empty();
    const bool merged = before.only_constants && after.only_constants && !lost.empty();
    const bool was_boolean = before.only_constants && before.constants == Numbers{0, 1} && !gained.empty();
    check_kinds(pair, before, after);
    if (stand_in_table(pair, lost)) return;
    if (before.from_table || after.from_table ||
        (!was_boolean && !replaced && !became_status && !was_status && !merged))
      return;
    const bool is_getter = replaced && before.only_constants && after.only_constants && lost.size() == 1 &&
                           before.constants.size() == 1 && after.constants.size() == 1;
    const std::string plain = plain_name(pair.name());
    const bool is_size =
        plain.find("size") != std::string::npos || plain.find("version") != std::string::npos ||
        plain.find("len") != std::string::npos || plain.find("capacity") != std::string::npos;
    const bool outside = unit_->is_callable_from_outside(pair.before->name);
    report(pair, outside && (!is_getter || is_size) ? Level::review : Level::note,
           fmt::format("it returns [{}] before, [{}] now", fmt::join(before.constants, ", "),
                       fmt::join(after.constants, ", ")));
  }

  /// A result of a kind that callers never saw: negative, or positive, or a third one beside yes and no.
  void check_kinds(const FunctionPair& pair, const Results& before, const Results& after) {
    const Numbers gained = without(after.constants, before.constants);
    if (!before.only_constants || !after.only_constants || before.constants.size() < 2 || gained.empty())
      return;
    if (!unit_->is_callable_from_outside(pair.before->name)) return;
    const auto has = [&](int sign) {
      return std::ranges::any_of(before.constants, [&](std::int64_t n) { return sign < 0 ? n < 0 : n > 0; });
    };
    const bool was_yes_or_no = before.constants == Numbers{0, 1};
    for (const std::int64_t number : gained)
      if (was_yes_or_no || !has(number < 0 ? -1 : 1))
        report(pair, Level::review,
               fmt::format("it returned [{}], and can return {} now", fmt::join(before.constants, ", "),
                           number));
  }

  /// Results that the code held are read from a constant table now.
  [[nodiscard]] bool stand_in_table(const FunctionPair& pair, const Numbers& lost) const {
    const model::Object& object = *unit_->after.object;
    return !lost.empty() && std::ranges::any_of(object.atoms, [&](const model::Atom& atom) {
      if (atom.kind == model::AtomKind::code || atom.name.empty() || !atom.section.starts_with(".rodata"))
        return false;
      return pair.after->names.contains(diff::without_ordinals(atom.name)) &&
             std::ranges::all_of(lost, [&](std::int64_t number) { return holds(atom, number); });
    });
  }

  static bool holds(const model::Atom& atom, std::int64_t number) {
    for (std::size_t width : {1U, 2U, 4U, 8U})
      for (std::size_t at = 0; at + width <= atom.bytes.size(); at += width) {
        std::int64_t held = 0;
        std::memcpy(&held, atom.bytes.data() + at, width);
        if (held == number) return true;
      }
    return false;
  }

  /// A status among results that are not all constants: it went, or another took its place.
  void check_mixed(const FunctionPair& pair) {
    if (!unit_->is_callable_from_outside(pair.before->name) || !pair.after->can_return) return;
    if (results(*pair.before).only_constants && results(*pair.after).only_constants) return;
    const Returned known = returned(*pair.before);
    Numbers all;
    for (const auto& [use, number] : pair.after->constants)
      if (use != Use::stored) all.insert(number);
    for (const std::int64_t number : without(loaded(*pair.before), loaded(*pair.after)))
      if (number != 0 && std::abs(number) < largest_status && !all.contains(number) &&
          (!known.is_known || known.numbers.contains(fmt::format("{{{}}}", number))) &&
          !is_buffer_size(pair, number) && !stand_in_table(pair, {number}))
        report(pair, Level::review, fmt::format("it can return {} no longer", number));
  }

  /// The size of an object or a buffer on its stack, or the last place in that.
  [[nodiscard]] bool is_buffer_size(const FunctionPair& pair, std::int64_t number) const {
    if (pair.old_declaration == nullptr) return false;
    return std::ranges::any_of(pair.old_declaration->locals, [&](const dwarf::Parameter& local) {
      const dwarf::Type& type = unit_->before.debug[local.type];
      if (type.kind == dwarf::TypeKind::structure && std::cmp_equal(type.size, number)) return true;
      if (type.kind != dwarf::TypeKind::array || type.bounds.size() != 1) return false;
      const auto size = static_cast<std::int64_t>(type.bounds[0]);
      return number == size || number == size - 1;
    });
  }

  /// ENODEV became -ENODEV, however the code arrives at it.
  void check_signs(const FunctionPair& pair) {
    if (!unit_->is_callable_from_outside(pair.before->name) || !pair.after->can_return) return;
    const Returned before = returned(*pair.before), after = returned(*pair.after);
    const bool is_known = before.is_known && after.is_known && before.others.empty() && after.others.empty();
    const Numbers olds = is_known ? results(*pair.before).constants : made(*pair.before);
    const Numbers news = is_known ? results(*pair.after).constants : made(*pair.after);
    const Numbers gained = without(news, olds);
    for (const std::int64_t number : without(olds, news))
      if (std::abs(number) > 1 && std::abs(number) < largest_status && gained.contains(-number))
        report(pair, Level::review, fmt::format("{} became {}", number, -number));
  }

  /// The same code with a condition turned round: yes and no changed places.
  void check_inversion(const FunctionPair& pair) {
    if (!unit_->is_callable_from_outside(pair.before->name) || !pair.after->can_return) return;
    const std::vector<std::string> inverted = inverted_conditions(pair);
    const bool sets = std::ranges::any_of(inverted, [](const std::string& text) { return text[0] == 's'; });
    if (inverted.empty() || (!sets && !pair.after->calls.empty())) return;
    if (sets || results(*pair.after).only_constants)
      report(pair, Level::review, "it returns the opposite of what it returned");
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_results(const ReviewedUnit& unit, Findings& findings) { ResultRules(unit, findings).run(); }

}  // namespace stent::review
