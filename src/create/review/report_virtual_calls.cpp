#include <fmt/core.h>

#include <algorithm>

#include "create/review/code_rules.hpp"

namespace stent::review {
namespace {

/// In code of the C++ library that was inlined: its classes are the same in both builds.
bool is_of_library(const Call& call, const dwarf::Function* declared) {
  return declared != nullptr && call.at &&
         std::ranges::any_of(declared->inlined, [&](const dwarf::InlinedCall& inlined) {
           return inlined.place.file.find("/c++/") != std::string::npos && inlined.contains(*call.at);
         });
}

/// The farthest place in a table of virtual functions that is called through; -1 for none.
std::int64_t last_slot(const FunctionFacts& facts, const dwarf::Function* declared) {
  std::int64_t last = -1;
  for (const Call& call : facts.calls)
    if (call.slot && !is_of_library(call, declared)) last = std::max(last, *call.slot);
  return last;
}

/// A class of the program of which the debug information tells no more than the name.
const dwarf::Type* unknown_class(const dwarf::DebugInfo& info) {
  const auto is_complete = [&](const std::string& name) {
    return std::ranges::any_of(info.types, [&](const dwarf::Type& type) {
      return type.name == name && type.kind == dwarf::TypeKind::structure && !type.is_declaration;
    });
  };
  for (const dwarf::Type& type : info.types)
    if (type.kind == dwarf::TypeKind::structure && type.is_declaration && !type.name.empty() &&
        !type.name.starts_with("std::") && !type.name.starts_with("__gnu_cxx::") && !is_complete(type.name))
      return &type;
  return nullptr;
}

}  // namespace

void report_virtual_calls(const ReviewedUnit& unit, Findings& findings) {
  std::int64_t known = -1;
  for (const auto& [name, facts] : unit.before.facts)
    known = std::max(known, last_slot(facts, unit.before.declaration(name)));
  const dwarf::Type* type = unknown_class(unit.after.debug);
  if (type == nullptr) return;
  for (const FunctionPair& pair : unit.changed) {
    const std::int64_t slot = last_slot(*pair.after, pair.new_declaration);
    if (slot <= known || slot <= last_slot(*pair.before, pair.old_declaration)) continue;
    Finding finding = about(pair, Level::review, "virtual-table");
    finding.message = fmt::format(
        "{}: it calls virtual function {} of an object, farther than any before, and of {} "
        "no build tells the table",
        pair.name(), slot / 8, type->name);
    finding.why = "objects that exist, and those that other files make, have the tables of the old build";
    finding.remedy = "check that the function was virtual before, or acknowledge";
    finding.types = {type->name};
    findings.add(pair.name(), std::move(finding));
  }
}

}  // namespace stent::review
