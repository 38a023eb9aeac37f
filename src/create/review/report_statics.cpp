#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/statics.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

using dwarf::Type;
using dwarf::TypeKind;
using dwarf::Variable;

Finding finding_about(const Variable& variable, Level level, const char* kind) {
  Finding finding;
  finding.level = level;
  finding.kind = kind;
  finding.remedy = "keep the variable as it is, or set what is missing from a hook";
  (void)variable;
  return finding;
}

/// True when the variable goes up and down: it counts what exists.
bool counts(const Side& side, const Variable& variable) {
  bool up = false, down = false;
  for (const auto& [name, facts] : side.facts)
    for (const Access& access : facts.accesses) {
      if (access.place != variable.linkage_name && access.place != variable.linkage_name + ".#") continue;
      up = up || access.adjustment > 0;
      down = down || access.adjustment < 0;
    }
  return up && down;
}

class StaticRules {
 public:
  StaticRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    const auto olds = variables(unit_->before);
    const auto news = variables(unit_->after);
    for (const auto& [name, before] : olds) {
      const auto found = news.find(name);
      if (found == news.end())
        removed(*before);
      else
        compare(*before, *found->second);
    }
    for (const auto& [name, after] : news)
      if (!olds.contains(name)) added(*after);
  }

 private:
  void removed(const Variable& before) {
    if (!before.has_address || before.is_const || before.is_declaration) return;
    Finding finding = finding_about(before, Level::review, "static-removed");
    finding.message = before.name + " is gone, or has no memory of its own any more";
    finding.why = "its live value is lost to the new code";
    finding.old_place = before.place;
    findings_->add(key(before), std::move(finding));
  }

  void compare(const Variable& before, const Variable& after) {
    if (before.has_address && !after.has_address && !after.is_const) removed(before);
    if (before.is_const != after.is_const && !before.is_declaration) {
      Finding finding = finding_about(after, Level::review, "static-constness");
      finding.message =
          fmt::format("{} was {}, and is {} now", before.name, before.is_const ? "constant" : "writable",
                      after.is_const ? "constant" : "writable");
      finding.why = "its live value, and the memory it stands in, are the old build's";
      place(finding, before, after);
    }
    const Type& a = unit_->before.debug[before.type];
    const Type& b = unit_->after.debug[after.type];
    const std::string old_text = spell(unit_->before.debug, before.type);
    const std::string new_text = spell(unit_->after.debug, after.type);
    if (old_text == new_text) return;
    const bool same = same_layout(unit_->before.debug, before.type, unit_->after.debug, after.type);
    const bool grave = a.kind != b.kind || a.size != b.size;
    const Level level = same              ? Level::note
                        : before.is_const ? Level::review
                        : grave           ? Level::refused
                                          : Level::review;
    Finding finding = finding_about(after, level, "static-type");
    finding.message = fmt::format("{} is {} before, {} now", before.name, old_text, new_text);
    finding.why = same ? "only names changed" : "its live value was stored as the old type";
    if (before.is_const && !before.has_address) finding.level = Level::note;
    if (a.kind == TypeKind::array && is_own_table(before, after)) {
      finding.level = Level::note;
      finding.why = "only functions that are replaced read it, and the new code has its own";
    }
    place(finding, before, after);
  }

  /// A constant that only replaced functions read, and whose address none of them gives away.
  [[nodiscard]] bool is_own_table(const Variable& before, const Variable& after) const {
    if (!before.is_const || !after.is_const || before.is_external || after.is_external) return false;
    const auto readers = users(unit_->before, before);
    return !readers.empty() && std::ranges::all_of(readers, [&](const std::string& name) {
      return unit_->is_replaced(name) && only_reads(unit_->before, name, before);
    }) && std::ranges::all_of(users(unit_->after, after), [&](const std::string& name) {
      return only_reads(unit_->after, name, after);
    });
  }

  [[nodiscard]] static bool only_reads(const Side& side, const std::string& name, const Variable& variable) {
    const FunctionFacts* facts = side.find(name);
    const dwarf::Function* declared = side.declaration(name);
    if (facts == nullptr || declared == nullptr) return false;
    const TypeKind result = side.debug[declared->result].kind;
    if (result != TypeKind::base && result != TypeKind::enumeration && result != TypeKind::void_)
      return false;
    const std::string inner = symbol_in_function(variable);
    const auto is_it = [&](const std::string& text) {
      return text.starts_with(variable.linkage_name) || (!inner.empty() && text.starts_with(inner));
    };
    const auto gives = [&](const Value& value) {
      return value.is(Value::Kind::address) && is_it(value.name);
    };
    return std::ranges::none_of(facts->escaping, is_it) && std::ranges::none_of(facts->compared, is_it) &&
           std::ranges::none_of(side.data_users, [&](const auto& entry) { return is_it(entry.first); }) &&
           std::ranges::none_of(facts->calls, [&](const Call& call) {
             return !keeps_nothing(plain_name(call.name)) && std::ranges::any_of(call.arguments, gives);
           });
  }

  void place(Finding& finding, const Variable& before, const Variable& after) {
    finding.old_place = before.place;
    finding.new_place = after.place;
    findings_->add(key(before), std::move(finding));
  }

  void added(const Variable& after) {
    if (!after.has_address || after.is_const || after.is_declaration) return;
    const std::set<std::string> used_by = users(unit_->after, after);
    const bool is_shared = after.function.empty() && used_by.size() > 1;
    const bool is_state = !unit_->comes_along() && (is_shared || counts(unit_->after, after));
    Finding finding = finding_about(after, is_state ? Level::review : Level::note, "static-new");
    finding.message = fmt::format("{} is new, and used by {} functions", after.name, used_by.size());
    finding.why = unit_->comes_along() ? "it starts at its initial value, and nothing used it before"
                  : is_state
                      ? "it starts at its initial value, although the old code did what it keeps track of"
                      : "it starts at its initial value, and one function keeps it";
    finding.functions.assign(used_by.begin(), used_by.end());
    finding.new_place = after.place;
    findings_->add(key(after), std::move(finding));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_missing_debug(const ReviewedUnit& unit, Findings& findings) {
  const bool is_known = unit.comes_along() || !unit.before.debug.functions.empty();
  if (is_known && !unit.after.debug.functions.empty()) return;
  Finding finding;
  finding.level = Level::review;
  finding.kind = "no-debug-info";
  finding.message = unit.pair.source + " has no debug information";
  finding.why = "changed types and signatures cannot be seen";
  finding.remedy = "build with -g";
  findings.add(unit.after.object->source, std::move(finding));
}

void report_statics(const ReviewedUnit& unit, Findings& findings) { StaticRules(unit, findings).run(); }

}  // namespace stent::review
