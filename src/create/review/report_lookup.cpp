#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/step_order.hpp"
#include "create/review/texts.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

/// By the table's place: what selects its elements. Places and indices of which nothing is known are left
/// out, and so is what the call itself made.
std::map<std::string, Texts> indices(const FunctionFacts& facts) {
  std::map<std::string, Texts> all;
  for (const Access& access : facts.accesses)
    if (!access.index.empty() && !access.place.starts_with('?') && !is_made_in_call(access.place))
      all[access.place].merge(alternatives(access.index));
  return all;
}

/// Which of the C library's rules for comparing strings: by bytes, without case, by locale, by numbers.
std::string string_rule(const std::string& plain) {
  static const std::map<std::string, std::string> rules = {
      {"strcmp", "bytes"},    {"strncmp", "bytes"},       {"memcmp", "bytes"},    {"bcmp", "bytes"},
      {"strcasecmp", "case"}, {"strncasecmp", "case"},    {"strcoll", "locale"},  {"strverscmp", "versions"},
      {"wcscmp", "wide"},     {"wcscasecmp", "widecase"}, {"strcoll_l", "locale"}};
  const auto at = rules.find(plain);
  return at == rules.end() ? "" : at->second;
}

std::set<std::string> string_rules(const FunctionFacts& facts) {
  std::set<std::string> all;
  for (const Call& call : facts.calls) all.insert(string_rule(plain_name(call.name)));
  all.erase("");
  return all;
}

/// How often something that is no constant is compared with a member.
std::ptrdiff_t compared_with_members(const FunctionFacts& facts) {
  return std::ranges::count_if(facts.comparisons, [](const Comparison& comparison) {
    const auto is_member = [](const Value& value) {
      return value.is(Value::Kind::loaded) && (value.name.starts_with('*') || value.name.starts_with('?'));
    };
    const bool with_constant =
        comparison.left.is(Value::Kind::constants) || comparison.right.is(Value::Kind::constants);
    return !with_constant && (is_member(comparison.left) || is_member(comparison.right));
  });
}

/// The functions whose results a text is made of: "f" of "(f() and {7})".
std::set<std::string> callees_in(const std::string& text) {
  std::set<std::string> names;
  for (std::size_t at = text.find("()"); at != std::string::npos; at = text.find("()", at + 1)) {
    const std::size_t before = at == 0 ? std::string::npos : text.find_last_of(" (|*&", at - 1);
    const std::size_t first = before == std::string::npos ? 0 : before + 1;
    names.insert(text.substr(first, at - first));
  }
  return names;
}

/// A loop's counter: nothing that exists selects the element.
bool is_of_constants(const std::string& text) {
  return text.find_first_not_of("(){}|+*-<>& 0123456789") == std::string::npos;
}

class LookupRules {
 public:
  LookupRules(const ReviewedUnit& unit, Findings& findings)
      : unit_(&unit), findings_(&findings), uses_(uses_of_results(unit.before)) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      if (unit_->sorts_only_locals(pair.before->name)) continue;
      check_indices(pair);
      check_selectors(pair);
      check_comparators(pair);
      check_trees(pair);
      if (const auto olds = string_rules(*pair.before), news = string_rules(*pair.after);
          !olds.empty() && !news.empty() && olds != news)
        report(pair, fmt::format("it compares strings by [{}] before, by [{}] now", fmt::join(olds, ", "),
                                 fmt::join(news, ", ")));
      if (!string_rules(*pair.before).empty() && string_rules(*pair.after).empty() &&
          pair.after->differences <= pair.before->differences &&
          compared_with_members(*pair.before) < compared_with_members(*pair.after))
        report(pair, "it compares what members hold, where it compared the strings that they point to");
    }
  }

 private:
  void report(const FunctionPair& pair, const std::string& what) {
    Finding finding = about(pair, Level::review, "order");
    finding.message = pair.name() + ": " + what;
    finding.why = "what the old code sorted or filed stands where the new code may not look";
    finding.remedy = "rebuild the containers from a hook, or keep the order for existing entries";
    findings_->add(pair.name(), std::move(finding));
  }

  void check_indices(const FunctionPair& pair) {
    const auto olds = indices(*pair.before), news = indices(*pair.after);
    for (const auto& [table, before] : olds) {
      const auto after = news.find(table);
      if (after == news.end()) continue;
      Texts lost = without(before, after->second), gained = without(after->second, before);
      for (Texts* texts : {&lost, &gained}) std::erase_if(*texts, is_of_constants);
      if (lost.empty() || gained.empty() || only_narrowed(lost, gained)) continue;
      report(pair, fmt::format("it looks in {} at [{}] before, at [{}] now", table, fmt::join(before, ", "),
                               fmt::join(after->second, ", ")));
    }
  }

  struct Use {
    std::string text;
    bool selects = false;
  };

  /// What results of the unit's functions select or become a part of, by the function.
  static std::map<std::string, Use> uses_of_results(const Side& side) {
    std::map<std::string, Use> uses;
    for (const auto& [name, facts] : side.facts)
      for (const Access& access : facts.accesses) {
        for (const std::string& callee : callees_in(access.index))
          uses.insert_or_assign(callee, Use{name + " selects by it", true});
        if (!access.is_written) continue;
        for (const std::string& callee : callees_in(access.stored))
          uses.try_emplace(callee, Use{name + " stores it"});
      }
    return uses;
  }

  /// As hashes, checksums and indices are.
  [[nodiscard]] bool returns_unsigned(const FunctionPair& pair) const {
    return pair.old_declaration == nullptr ||
           spell(unit_->before.debug, pair.old_declaration->result).starts_with("unsigned");
  }

  /// Other arithmetic in a function whose results select elements, or are kept.
  void check_selectors(const FunctionPair& pair) {
    const auto use = uses_.find(pair.before->name);
    if (use == uses_.end()) return;
    if (use->second.selects && is_reordered(pair))
      return report(pair, "the steps of its arithmetic are in another order, and " + use->second.text);
    if (pair.before->arithmetic == pair.after->arithmetic) return;
    const bool lost = !without(pair.before->arithmetic, pair.after->arithmetic).empty();
    const bool checks_more = pair.before->comparisons.size() < pair.after->comparisons.size();
    // With more checks the arithmetic of what is kept may be that of the checks.
    if (checks_more && (!lost || !use->second.selects)) return;
    if (!use->second.selects && !returns_unsigned(pair)) return;
    report(pair, "its arithmetic changed, and " + use->second.text);
  }

  /// Members at which two objects are compared with each other: "+8".
  static std::set<std::string> compared_members(const FunctionFacts& facts) {
    std::set<std::string> all;
    for (const Comparison& comparison : facts.comparisons)
      for (const auto& [a, b] :
           {std::pair(comparison.left, comparison.right), std::pair(comparison.right, comparison.left)}) {
        if (!a.is(Value::Kind::loaded) || !b.is(Value::Kind::loaded)) continue;
        const bool is_twin = a.name.size() == b.name.size() && a.name.starts_with("*p") &&
                             b.name.starts_with("*p") && a.name != b.name &&
                             a.name.substr(3) == b.name.substr(3);
        if (is_twin) all.insert(a.name.substr(3));
      }
    return all;
  }

  /// Two parameters of one pointer type: what decides which of two objects comes first.
  [[nodiscard]] bool takes_twins(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr) return false;
    const auto& parameters = pair.old_declaration->parameters;
    const dwarf::DebugInfo& info = unit_->before.debug;
    for (std::size_t i = 0; i + 1 < parameters.size(); ++i) {
      const dwarf::Type& type = info[parameters[i].type];
      const bool is_pointer =
          type.kind == dwarf::TypeKind::pointer || type.kind == dwarf::TypeKind::reference;
      if (is_pointer && parameters[i].type == parameters[i + 1].type) return true;
    }
    return false;
  }

  void check_comparators(const FunctionPair& pair) {
    if (collects_differences(pair)) return;
    if (!takes_twins(pair) || stores_anything(*pair.before) || stores_anything(*pair.after)) return;
    const auto olds = compared_members(*pair.before), news = compared_members(*pair.after);
    if (olds.empty() && news.empty() && !is_addressed(pair.before->name)) return;
    if (is_addressed(pair.before->name) || pair.before->orders() || pair.after->orders())
      report(pair, "it compares two objects, and changed");
  }

  /// A loop over objects that point to two others of their type, and what compares two of their keys.
  void check_trees(const FunctionPair& pair) {
    if (!pair.before->has_loop || !takes_tree(pair)) return;
    for (const dwarf::InlinedCall& call : pair.new_declaration->inlined)
      if (compares_two(call.name) && inlined_code_changed(*unit_, pair, call.name))
        report(pair, "it goes through a tree by " + call.name + ", which changed");
  }

  [[nodiscard]] bool takes_tree(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.new_declaration == nullptr) return false;
    const dwarf::DebugInfo& info = unit_->before.debug;
    return std::ranges::any_of(pair.old_declaration->parameters, [&](const dwarf::Parameter& parameter) {
      const dwarf::TypeId node = info[parameter.type].target;
      return std::ranges::count_if(info[node].members, [&](const dwarf::Member& member) {
               return info[member.type].kind == dwarf::TypeKind::pointer && info[member.type].target == node;
             }) >= 2;
    });
  }

  [[nodiscard]] bool compares_two(const std::string& name) const {
    return std::ranges::any_of(unit_->after.debug.functions, [&](const dwarf::Function& function) {
      return function.name == name && function.parameters.size() == 2 &&
             function.parameters[0].type == function.parameters[1].type;
    });
  }

  [[nodiscard]] bool is_addressed(const std::string& name) const {
    if (unit_->before.data_users.contains(name)) return true;
    return std::ranges::any_of(unit_->before.facts,
                               [&](const auto& entry) { return entry.second.addressed.contains(name); });
  }

  static bool stores_anything(const FunctionFacts& facts) {
    return std::ranges::any_of(facts.accesses, [](const Access& access) { return access.is_written; });
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  std::map<std::string, Use> uses_;
};

}  // namespace

void report_lookup(const ReviewedUnit& unit, Findings& findings) { LookupRules(unit, findings).run(); }

}  // namespace stent::review
