#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/texts.hpp"
#include "create/review/type_text.hpp"

namespace stent::review {
namespace {

using dwarf::DebugInfo;
using dwarf::Type;
using dwarf::TypeKind;

struct Known {
  std::map<std::string, const Type*> complete, declared;
};

bool is_of_library(const std::string& name) {
  return name.starts_with("std::") || name.starts_with("__gnu_cxx::");
}

Known structures(const DebugInfo& info) {
  Known known;
  for (const Type& type : info.types)
    if (type.kind == TypeKind::structure && !type.name.empty() && !is_of_library(type.name))
      (type.is_declaration ? known.declared : known.complete).try_emplace(type.name, &type);
  return known;
}

/// Types that one build's debug information only declares: a compiler leaves the definition of a class with
/// virtual functions to the unit that holds its table.
class IncompleteRules {
 public:
  IncompleteRules(const ReviewedUnit& unit, Findings& findings)
      : unit_(&unit),
        findings_(&findings),
        before_(structures(unit.before.debug)),
        after_(structures(unit.after.debug)) {}

  void run() {
    for (const auto& [name, type] : before_.complete)
      if (!after_.complete.contains(name) && after_.declared.contains(name))
        report("type-layout", name, title(*type) + " is only declared in the new debug information");
    for (const auto& [name, type] : after_.complete)
      if (!type->virtual_functions.empty() && !before_.complete.contains(name) &&
          before_.declared.contains(name))
        report("virtual-table", name, title(*type) + " was only declared in the old debug information");
    for (const FunctionPair& pair : unit_->changed) compare_uses(pair);
  }

 private:
  void report(const char* kind, const std::string& subject, const std::string& what) {
    Finding finding;
    finding.level = Level::review;
    finding.kind = kind;
    finding.message = what;
    for (const FunctionPair& pair : unit_->changed) finding.functions.push_back(pair.name());
    finding.why = "nobody can tell whether the objects that exist have the new layout";
    finding.remedy = "compare the definitions, also of the base classes, before and after";
    findings_->add(subject, std::move(finding));
  }

  /// The class of the first argument when neither build tells its layout.
  [[nodiscard]] const Type* unknown_object(const FunctionPair& pair) const {
    if (pair.old_declaration == nullptr || pair.old_declaration->parameters.empty()) return nullptr;
    const DebugInfo& info = unit_->before.debug;
    const Type& pointer = info[pair.old_declaration->parameters.front().type];
    if (pointer.kind != TypeKind::pointer) return nullptr;
    const auto declared = before_.declared.find(info[pointer.target].name);
    const bool is_unknown = declared != before_.declared.end() &&
                            !before_.complete.contains(declared->first) &&
                            !after_.complete.contains(declared->first);
    return is_unknown ? declared->second : nullptr;
  }

  /// Where in the object it looks, by the size of what it finds there.
  static Texts members(const FunctionFacts& facts) {
    Texts all;
    for (const Access& access : facts.accesses)
      if (access.place.starts_with("*p0"))
        all.insert(fmt::format("{} bytes at {}", access.size, access.offset));
    return all;
  }

  /// Calls through tables that the object holds, in their order.
  static std::vector<std::string> virtual_calls(const FunctionFacts& facts) {
    std::vector<std::string> all;
    for (const Call& call : facts.calls)
      if (call.name.starts_with("***p0")) all.push_back(call.name);
    return all;
  }

  /// The kinds of the library's containers that a function uses, inlined or called.
  static std::set<std::string> containers(const FunctionFacts& facts, const dwarf::Function* declaration) {
    std::set<std::string> texts = facts.names, found;
    if (declaration != nullptr)
      for (const dwarf::InlinedCall& call : declaration->inlined) texts.insert(call.name);
    for (const char* kind : {"_Rb_tree", "_Hashtable", "_Deque", "_List", "_Vector_base", "basic_string"})
      for (const std::string& text : texts)
        if (text.find(kind) != std::string::npos) found.insert(kind);
    return found;
  }

  void compare_uses(const FunctionPair& pair) {
    const Type* type = unknown_object(pair);
    if (type == nullptr) return;
    const Texts olds = members(*pair.before), news = members(*pair.after);
    const bool moved = !without(olds, news).empty() && !without(news, olds).empty();
    const auto old_calls = virtual_calls(*pair.before), new_calls = virtual_calls(*pair.after);
    const auto old_kinds = containers(*pair.before, pair.old_declaration);
    const auto new_kinds = containers(*pair.after, pair.new_declaration);
    const bool holds_other = !without(old_kinds, new_kinds).empty() && !without(new_kinds, old_kinds).empty();
    if (moved || holds_other || (old_calls.size() == new_calls.size() && old_calls != new_calls))
      report("type-layout", type->name,
             fmt::format("{} uses other members of {}, of which no build tells the layout", pair.name(),
                         title(*type)));
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
  Known before_, after_;
};

}  // namespace

void report_incomplete_types(const ReviewedUnit& unit, Findings& findings) {
  IncompleteRules(unit, findings).run();
}

}  // namespace stent::review
