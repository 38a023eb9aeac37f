#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/step_order.hpp"

namespace stent::review {
namespace {

using dwarf::TypeKind;

bool is_in(const Access& access, const dwarf::Function& host, const std::string& inlined) {
  return access.at && std::ranges::any_of(host.inlined, [&](const dwarf::InlinedCall& call) {
           return call.name == inlined && call.contains(*access.at);
         });
}

bool is_changed_in(const ReviewedUnit& unit, const FunctionPair& host, const std::string& inlined) {
  return inlined_code_changed(unit, host, inlined) || inlined_is_reordered(host, inlined);
}

/// What functions of the unit's own source decide where they were inlined.
class InlinedRules {
 public:
  InlinedRules(const ReviewedUnit& unit, Findings& findings) : unit_(&unit), findings_(&findings) {}

  void run() {
    for (const FunctionPair& host : unit_->changed) {
      if (host.old_declaration == nullptr || host.new_declaration == nullptr ||
          is_library_code(host.name()) || unit_->sorts_only_locals(host.before->name) ||
          collects_differences(host))
        continue;
      std::set<std::string> names;
      for (const dwarf::InlinedCall& call : host.new_declaration->inlined)
        if (is_in_source(unit_->after.debug, call.place)) names.insert(call.name);
      for (const std::string& name : names) check(host, name);
    }
  }

 private:
  void check(const FunctionPair& host, const std::string& name) {
    const dwarf::Function* inlined = function(name);
    if (inlined == nullptr || !is_changed_in(*unit_, host, name)) return;
    if (!compares_nothing(name) && compares_two(*inlined) && files_in_order(host, name))
      findings_->add(host.name(), about_order(host, name));
    if (returns_number(*inlined) && takes_numbers(*inlined) && stores_nothing(host, name) &&
        selects(host, name))
      findings_->add(host.name(), about_order(host, name));
    if (writes_bytes(*inlined)) check_reader(host, name);
  }

  [[nodiscard]] const dwarf::Function* function(const std::string& name) const {
    const auto found = std::ranges::find_if(unit_->after.debug.functions, [&](const dwarf::Function& one) {
      return one.name == name || one.linkage_name == name;
    });
    return found == unit_->after.debug.functions.end() ? nullptr : &*found;
  }

  /// Two objects of one type.
  [[nodiscard]] bool compares_two(const dwarf::Function& function) const {
    if (function.parameters.size() != 2 || compares_nothing(function.linkage_name) ||
        compares_nothing(function.name) || function.parameters[0].type != function.parameters[1].type)
      return false;
    const TypeKind kind = unit_->after.debug[function.parameters[0].type].kind;
    return kind == TypeKind::pointer || kind == TypeKind::reference;
  }

  /// A loop that asks for less or greater, and puts pointers into memory of others.
  static bool files_in_order(const FunctionPair& host, const std::string& name) {
    const bool files = std::ranges::any_of(host.before->accesses, [&](const Access& access) {
      return access.is_written && access.size == sizeof(void*) && !access.value.is(Value::Kind::constants) &&
             access.adjustment == 0 && !is_in(access, *host.old_declaration, name);
    });
    return files && host.before->has_loop && host.after->has_loop && !host.before->ordered.empty();
  }

  [[nodiscard]] bool returns_number(const dwarf::Function& function) const {
    return unit_->after.debug[function.result].kind == TypeKind::base;
  }

  /// And nothing else: what reads through a pointer may only stop earlier.
  [[nodiscard]] bool takes_numbers(const dwarf::Function& function) const {
    return !function.parameters.empty() &&
           std::ranges::all_of(function.parameters, [&](const dwarf::Parameter& parameter) {
             return unit_->after.debug[parameter.type].kind == TypeKind::base;
           });
  }

  static bool stores_nothing(const FunctionPair& host, const std::string& name) {
    return std::ranges::none_of(host.after->accesses, [&](const Access& access) {
      return access.is_written && is_in(access, *host.new_declaration, name);
    });
  }

  /// A count or a pointer that stays is selected by what is no known value, as loops leave it.
  static bool selects(const FunctionPair& host, const std::string& name) {
    const auto does = [&](const FunctionFacts& facts, const dwarf::Function& declared) {
      return std::ranges::any_of(facts.accesses, [&](const Access& access) {
        const bool is_kept = access.is_adjustment || access.size == sizeof(void*);
        return is_kept && access.is_indexed && access.index.empty() && access.is_written &&
               !is_in(access, declared, name);
      });
    };
    return does(*host.before, *host.old_declaration) && does(*host.after, *host.new_declaration);
  }

  [[nodiscard]] bool takes_bytes(const dwarf::Function& function) const {
    const dwarf::DebugInfo& info = unit_->after.debug;
    return std::ranges::any_of(function.parameters, [&](const dwarf::Parameter& parameter) {
      const dwarf::Type& pointer = info[parameter.type];
      return pointer.kind == TypeKind::pointer && info[pointer.target].kind == TypeKind::base &&
             info[pointer.target].size == 1;
    });
  }

  /// Gives nothing back, and takes bytes and a number.
  [[nodiscard]] bool writes_bytes(const dwarf::Function& function) const {
    return function.parameters.size() == 2 && takes_bytes(function) &&
           unit_->after.debug[function.result].kind != TypeKind::base;
  }

  /// Another function inlines what makes a number of bytes, and both are other code now.
  void check_reader(const FunctionPair& writer, const std::string& name) {
    for (const FunctionPair& reader : unit_->changed) {
      if (reader.after == writer.after || reader.new_declaration == nullptr) continue;
      for (const dwarf::InlinedCall& call : reader.new_declaration->inlined) {
        const dwarf::Function* inlined = function(call.name);
        if (inlined == nullptr || call.name == name || !returns_number(*inlined) || !takes_bytes(*inlined) ||
            inlined->parameters.size() != 1 || !is_changed_in(*unit_, reader, call.name))
          continue;
        Finding finding = about(writer, Level::review, "stored-value");
        finding.message = fmt::format("{}: {} stores bytes in another way, and {} reads bytes in another way",
                                      writer.name(), name, call.name);
        finding.why = "bytes that exist stand as the old code stored them";
        finding.remedy = "read what exists as the old code did";
        finding.functions.push_back(reader.name());
        findings_->add(writer.name(), std::move(finding));
      }
    }
  }

  const ReviewedUnit* unit_;
  Findings* findings_;
};

}  // namespace

void report_inlined(const ReviewedUnit& unit, Findings& findings) { InlinedRules(unit, findings).run(); }

}  // namespace stent::review
