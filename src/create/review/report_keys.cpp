#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

/// It goes through a container of the C++ library.
bool uses_container(const FunctionFacts& facts, const dwarf::Function* declaration) {
  const bool calls_one =
      std::ranges::any_of(facts.calls, [](const Call& call) { return is_container(call.name); });
  return calls_one || (declaration != nullptr &&
                       std::ranges::any_of(declaration->inlined, [](const dwarf::InlinedCall& call) {
                         return is_container(call.name);
                       }));
}

/// What it calls newly, to have something made on its stack.
std::set<std::string> makers(const FunctionPair& pair) {
  std::set<std::string> all;
  for (const Call& call : pair.after->calls) {
    const std::string plain = plain_name(call.name);
    const bool is_other = is_library_code(call.name) || keeps_nothing(plain) || synchronises(plain) ||
                          is_release(plain) || pair.before->calls_to(call.name);
    if (!is_other && std::ranges::any_of(call.arguments, [](const Value& argument) {
          return argument.is(Value::Kind::stack);
        }))
      all.insert(call.name);
  }
  return all;
}

}  // namespace

void report_keys(const ReviewedUnit& unit, Findings& findings) {
  for (const FunctionPair& one : unit.changed)
    for (const FunctionPair& other : unit.changed) {
      if (&one == &other) continue;
      const bool share =
          share_data(unit, one, other) || (uses_container(*one.before, one.old_declaration) &&
                                           uses_container(*other.before, other.old_declaration));
      if (!share) continue;
      const std::set<std::string> others = makers(other);
      for (const std::string& maker : makers(one)) {
        if (!others.contains(maker)) continue;
        Finding finding = about(one, Level::review, "order");
        finding.message =
            fmt::format("{}: it works with what {} makes, as {} does now", one.name(), maker, other.name());
        finding.why = "what the old code filed stands under what it was given itself";
        finding.remedy = "look under both, or file what exists anew from a hook";
        finding.functions.push_back(other.name());
        findings.add(one.name(), std::move(finding));
      }
    }
}

}  // namespace stent::review
