#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Offsets = std::set<std::int64_t>;

/// Members by which it asks for less or greater; with `of_elements` only those of what a loop goes through.
Offsets ordered(const FunctionFacts& facts, bool of_elements) {
  Offsets all;
  for (const Ordered& one : facts.ordered)
    if (one.is_element || !of_elements) all.insert(one.offset);
  return all;
}

/// Puts a thing that it is given, or that it made, somewhere.
bool files(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.accesses, [](const Access& access) {
    return access.is_written && access.size == sizeof(void*) &&
           (access.value.is(Value::Kind::parameter) || access.value.is(Value::Kind::result));
  });
}

bool writes(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.accesses, [](const Access& access) { return access.is_written; });
}

/// "sort<entry*>" -> "sort".
std::string without_arguments(const std::string& name) {
  const std::string plain = plain_name(name);
  return plain.substr(0, plain.find('<'));
}

/// Goes by an order that must be there already.
bool halves(const std::string& name) {
  static const std::set<std::string> searches = {"lower_bound",   "upper_bound",     "equal_range",
                                                 "binary_search", "partition_point", "bsearch"};
  return searches.contains(without_arguments(name));
}

bool sorts(const std::string& name) {
  static const std::set<std::string> known = {"sort", "stable_sort", "qsort", "qsort_r", "make_heap"};
  return known.contains(without_arguments(name));
}

template <class Is>
bool does(const FunctionFacts& facts, const dwarf::Function* declared, Is is) {
  return std::ranges::any_of(facts.calls, [&](const Call& call) { return is(call.name); }) ||
         (declared != nullptr && std::ranges::any_of(declared->inlined, [&](const dwarf::InlinedCall& call) {
            return is(call.name);
          }));
}

/// Containers that the old code filled in no order, and that new code takes for sorted.
class SortingRules {
 public:
  SortingRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& takes : unit_->changed) {
      if (unit_->sorts_only_locals(takes.before->name)) continue;
      check_search(takes);
      for (const FunctionPair& fills : unit_->changed)
        if (&fills != &takes && (takes_first(fills, takes) || goes_by_order(fills, takes) ||
                                 goes_by_floats(fills, takes) || searches_sorted(fills, takes)))
          findings_->add(takes.name(), about_order(takes, takes.name()));
    }
  }

 private:
  /// One looks for a place where it took the first, and another takes the first where it looked.
  [[nodiscard]] bool takes_first(const FunctionPair& fills, const FunctionPair& takes) const {
    return !fills.before->has_loop && fills.after->has_loop && takes.before->has_loop &&
           !takes.after->has_loop && share_data(*unit_, fills, takes);
  }

  /// One puts things in an order newly, and another asks for that order in code that changed: it may stop
  /// where it went on.
  [[nodiscard]] bool goes_by_order(const FunctionPair& fills, const FunctionPair& takes) const {
    const Offsets gained = without(ordered(*fills.after, true), ordered(*fills.before, false));
    const bool looks_newly = !fills.before->has_loop && fills.after->has_loop && writes(*fills.after);
    if (gained.empty() || !(looks_newly || files(*fills.after)) || !takes.after->has_loop) return false;
    const Offsets asked = ordered(*takes.after, false);
    const bool same =
        std::ranges::any_of(gained, [&](std::int64_t offset) { return asked.contains(offset); });
    const bool newly = !without(asked, ordered(*takes.before, false)).empty();
    return same || (newly && share_data(*unit_, fills, takes));
  }

  /// As above, where what is asked for is a floating-point value.
  static bool goes_by_floats(const FunctionPair& fills, const FunctionPair& takes) {
    return fills.before->float_comparisons == 0 && fills.after->float_comparisons > 0 &&
           fills.after->has_loop && writes(*fills.after) && takes.after->has_loop &&
           takes.after->float_comparisons > 0 &&
           takes.before->float_comparisons != takes.after->float_comparisons;
  }

  /// What one sorts the other searches, and both changed.
  static bool searches_sorted(const FunctionPair& fills, const FunctionPair& takes) {
    return does(*fills.before, fills.old_declaration, sorts) &&
           does(*fills.after, fills.new_declaration, sorts) &&
           does(*takes.before, takes.old_declaration, halves) &&
           does(*takes.after, takes.new_declaration, halves);
  }

  /// It searches by halves what stands where the old code put it.
  void check_search(const FunctionPair& pair) {
    const bool is_new = does(*pair.after, pair.new_declaration, halves) &&
                        !does(*pair.before, pair.old_declaration, halves) &&
                        !does(*pair.after, pair.new_declaration, sorts);
    const bool is_local = std::ranges::all_of(pair.after->calls, [](const Call& call) {
      return plain_name(call.name) != "bsearch" || call.arguments[1].is(Value::Kind::stack);
    });
    const bool is_plain = pair.after->calls_to("bsearch");
    if (is_new && !writes(*pair.after) && !(is_plain && is_local))
      findings_->add(pair.name(), about_order(pair, pair.name()));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_sorting(const ReviewedUnit& unit, Findings& findings) { SortingRules(unit, findings).run(); }

}  // namespace stent::review
