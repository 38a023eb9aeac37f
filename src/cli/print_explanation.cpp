#include "cli/print_explanation.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/readable.hpp"

namespace stent::cli {

namespace {

/// Literals are counted only: a function may have hundreds.
void print_companions(const create::Explanation& explanation) {
  if (explanation.companions.empty()) return;
  fmt::print("carried along:\n");
  std::size_t literals = 0;
  for (const auto& companion : explanation.companions) {
    literals += companion.is_literal ? 1 : 0;
    if (companion.is_literal) continue;
    fmt::print("  {} ({}): {}\n", both_names(companion.name), companion.unit,
               companion.chain.empty()
                   ? "a global that the target does not have"
                   : readable(fmt::format("needed by {}", fmt::join(companion.chain, " -> "))));
  }
  if (literals != 0) fmt::print("  {} strings and other literals\n", literals);
}

}  // namespace

void print_explanation(const create::Explanation& explanation) {
  fmt::print("functions:\n");
  for (const auto& function : explanation.functions) {
    fmt::print("  {} {} ({})\n", function.kind, both_names(function.name), function.unit);
    if (!function.difference.empty()) fmt::print("    first difference {}\n", readable(function.difference));
    if (!function.old_line.empty() || !function.new_line.empty())
      fmt::print("    at {} -> {}\n", function.old_line, function.new_line);
  }
  print_companions(explanation);
  if (!explanation.references.empty()) fmt::print("bound:\n");
  for (const auto& reference : explanation.references)
    fmt::print("  {} of {}, for {}: {} ({})\n", both_names(reference.name), reference.module,
               readable(reference.from), reference.where, reference.evidence);
}

nlohmann::json to_json(const create::Explanation& explanation) {
  nlohmann::json functions = nlohmann::json::array(), companions = nlohmann::json::array(),
                 references = nlohmann::json::array();
  for (const auto& function : explanation.functions)
    functions.push_back({{"unit", function.unit},
                         {"name", function.name},
                         {"kind", function.kind},
                         {"difference", function.difference},
                         {"old_line", function.old_line},
                         {"new_line", function.new_line}});
  for (const auto& companion : explanation.companions)
    companions.push_back({{"unit", companion.unit},
                          {"name", companion.name},
                          {"needed_by", companion.chain},
                          {"literal", companion.is_literal}});
  for (const auto& reference : explanation.references)
    references.push_back({{"module", reference.module},
                          {"name", reference.name},
                          {"for", reference.from},
                          {"where", reference.where},
                          {"evidence", reference.evidence}});
  return {{"functions", functions}, {"carried", companions}, {"bound", references}};
}

}  // namespace stent::cli
