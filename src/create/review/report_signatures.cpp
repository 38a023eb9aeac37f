#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/diff/object_index.hpp"
#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Type;
using dwarf::TypeId;
using dwarf::TypeKind;

bool is_pointer(const Type& type) {
  return type.kind == TypeKind::pointer || type.kind == TypeKind::reference;
}

bool is_integer(const Type& type, const std::string& text) {
  return type.kind == TypeKind::enumeration ||
         (type.kind == TypeKind::base && !text.starts_with("float") && !text.starts_with("bool"));
}

/// True when a caller made for one passes what a callee made for the other expects.
bool is_compatible(const DebugInfo& olds, TypeId a, const DebugInfo& news, TypeId b) {
  const Type& before = olds[a];
  const Type& after = news[b];
  const std::string old_text = spell(olds, a);
  const std::string new_text = spell(news, b);
  if (is_pointer(before) && is_pointer(after)) return true;
  const bool is_composite = before.kind == TypeKind::structure || before.kind == TypeKind::union_;
  if (old_text == new_text && !is_composite) return true;
  if (is_integer(before, old_text) && is_integer(after, new_text)) return before.size == after.size;
  return same_layout(olds, a, news, b);
}

class SignatureRules {
 public:
  SignatureRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& pair : unit_->changed) {
      if (pair.old_declaration == nullptr || pair.new_declaration == nullptr) continue;
      compare(pair, *pair.old_declaration, *pair.new_declaration);
      compare_registers(pair);
    }
    for (const std::string& name : unit_->removed) removed(name);
    compare_visibility();
  }

 private:
  void report(const FunctionPair& pair, Level level, const std::string& what) {
    const bool outside = unit_->is_callable_from_outside(pair.before->name);
    Finding finding = about(pair, outside ? level : Level::note, "signature");
    finding.message = pair.name() + ": " + what;
    finding.why = outside ? "callers outside of the patch go on calling it the old way"
                          : "all its callers are compiled anew with it";
    if (outside) finding.remedy = "give the new signature a new name, and keep the old function";
    findings_->add(pair.name(), std::move(finding));
  }

  void compare(const FunctionPair& pair, const dwarf::Function& before, const dwarf::Function& after) {
    const DebugInfo& olds = unit_->before.debug;
    const DebugInfo& news = unit_->after.debug;
    if (before.parameters.size() != after.parameters.size())
      report(pair, Level::refused,
             fmt::format("{} parameters before, {} now", before.parameters.size(), after.parameters.size()));
    if (before.is_variadic != after.is_variadic) report(pair, Level::refused, "it became (or was) variadic");
    if (before.is_noreturn != after.is_noreturn)
      report(pair, before.is_noreturn ? Level::refused : Level::review, "it became (or was) noreturn");
    for (std::size_t i = 0; i < std::min(before.parameters.size(), after.parameters.size()); ++i) {
      const TypeId a = before.parameters[i].type, b = after.parameters[i].type;
      if (!is_compatible(olds, a, news, b))
        report(pair, Level::refused,
               fmt::format("parameter {} is {} before, {} now", i + 1, spell(olds, a), spell(news, b)));
      else if (spell(olds, a) != spell(news, b))
        report(pair, Level::note,
               fmt::format("parameter {} is {} before, {} now", i + 1, spell(olds, a), spell(news, b)));
    }
    compare_results(pair, before.result, after.result);
    compare_objects(pair, before.result, after.result, "its result");
    for (std::size_t i = 0; i < std::min(before.parameters.size(), after.parameters.size()); ++i)
      compare_objects(pair, before.parameters[i].type, after.parameters[i].type,
                      fmt::format("parameter {}", i + 1));
    compare_order(pair, before, after);
    compare_variable_arguments(pair, before, after);
  }

  /// A class of one name, passed as a whole: its size decides how.
  void compare_objects(const FunctionPair& pair, TypeId a, TypeId b, const std::string& what) {
    const auto is_object = [](const Type& type) {
      return (type.kind == TypeKind::structure || type.kind == TypeKind::union_) && !type.is_declaration;
    };
    const Type& before = unit_->before.debug[a];
    const Type& after = unit_->after.debug[b];
    if (!is_object(before) || !is_object(after) || is_library_code(pair.name())) return;
    if (before.size != after.size)
      report(pair, Level::refused,
             fmt::format("{} is an object of {} bytes before, of {} now", what, before.size, after.size));
  }

  /// What it takes from its variable arguments, by the sizes it reads them in.
  void compare_variable_arguments(const FunctionPair& pair, const dwarf::Function& before,
                                  const dwarf::Function& after) {
    if (!before.is_variadic || !after.is_variadic) return;
    const auto sizes = [](const FunctionFacts& facts) {
      std::set<unsigned> all;
      for (const Access& access : facts.accesses)
        if (access.is_read && !access.is_static && access.place.starts_with('?')) all.insert(access.size);
      return all;
    };
    const auto olds = sizes(*pair.before), news = sizes(*pair.after);
    if (olds != news)
      report(pair, Level::review,
             fmt::format("it reads its variable arguments in [{}] bytes before, in [{}] now",
                         fmt::join(olds, ", "), fmt::join(news, ", ")));
  }

  /// Parameters that changed places keep their types often enough.
  void compare_order(const FunctionPair& pair, const dwarf::Function& before, const dwarf::Function& after) {
    if (before.parameters.size() != after.parameters.size()) return;
    std::vector<std::string> olds, news;
    for (const auto& parameter : before.parameters) olds.push_back(parameter.name);
    for (const auto& parameter : after.parameters) news.push_back(parameter.name);
    if (olds != news && std::ranges::is_permutation(olds, news))
      report(pair, Level::refused, "its parameters changed places");
  }

  void compare_results(const FunctionPair& pair, TypeId a, TypeId b) {
    const DebugInfo& olds = unit_->before.debug;
    const DebugInfo& news = unit_->after.debug;
    const std::string old_text = spell(olds, a), new_text = spell(news, b);
    if (old_text == new_text) return;
    const bool was_void = olds[a].kind == TypeKind::void_;
    const bool fine = was_void || is_compatible(olds, a, news, b);
    report(pair, fine ? Level::note : Level::refused,
           fmt::format("it returns {} before, {} now", old_text, new_text));
  }

  /// An argument register read that no declared parameter can be in: another calling convention.
  void compare_registers(const FunctionPair& pair) {
    const auto& before = *pair.old_declaration;
    const auto& after = *pair.new_declaration;
    if (before.is_variadic || after.is_variadic || before.parameters.size() != after.parameters.size())
      return;
    const auto fits = [&](const FunctionFacts& facts, const dwarf::Function& declared,
                          const DebugInfo& info) {
      std::size_t registers = info[declared.result].size > 16 ? 1U : 0U;
      for (const auto& parameter : declared.parameters) registers += info[parameter.type].size > 8 ? 2U : 1U;
      return facts.parameters.empty() || static_cast<std::size_t>(*facts.parameters.rbegin()) < registers;
    };
    const bool was = fits(*pair.before, before, unit_->before.debug);
    const bool is = fits(*pair.after, after, unit_->after.debug);
    if (was != is) report(pair, Level::refused, "it takes its arguments in other registers");
  }

  void removed(const std::string& name) {
    for (const model::Symbol& symbol : unit_->before.object->symbols) {
      if (symbol.name != name || !symbol.definition || symbol.binding != model::SymbolBinding::global ||
          (unit_->is_private_here(name) && !unit_->is_callable_from_outside(name)))
        continue;
      Finding finding;
      finding.level = Level::review;
      finding.kind = "function-removed";
      finding.message = name + " is gone, or has another signature";
      finding.why = "callers outside of the patch go on calling the old code";
      finding.remedy = "keep it beside the new one, with the old meaning";
      finding.functions = {name};
      if (const auto* declared = unit_->before.declaration(name)) finding.old_place = declared->place;
      findings_->add(name, std::move(finding));
    }
  }

  void compare_visibility() {
    std::map<std::string, const model::Symbol*> olds;
    for (const model::Symbol& symbol : unit_->before.object->symbols)
      if (symbol.definition && diff::is_global(symbol)) olds[symbol.name] = &symbol;
    for (const model::Symbol& symbol : unit_->after.object->symbols) {
      const auto found = olds.find(symbol.name);
      if (!symbol.definition || found == olds.end()) continue;
      if (found->second->visibility == symbol.visibility && found->second->type == symbol.type &&
          diff::is_global(symbol))
        continue;
      Finding finding;
      finding.level = Level::review;
      finding.kind = "exported";
      finding.message = symbol.name + " is exported in another way than before";
      finding.why = "other modules have resolved it already, or cannot any more";
      finding.remedy = "keep its visibility and kind";
      findings_->add(symbol.name, std::move(finding));
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_signatures(const ReviewedUnit& unit, Findings& findings) { SignatureRules(unit, findings).run(); }

}  // namespace stent::review
