#include "cli/print_findings.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <string_view>

#include "cli/readable.hpp"

namespace stent::cli {
namespace {

/// The text in the level's colour where the output is a terminal.
std::string coloured(const std::string& level, const std::string& text) {
  if (::isatty(STDOUT_FILENO) == 0) return text;
  const std::string_view code = level == "refused" ? "1;31" : level == "review" ? "1;33" : "1;32";
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

nlohmann::json place(const std::optional<dwarf::SourcePlace>& at) {
  if (!at) return nullptr;
  return {{"file", at->file}, {"line", at->line}};
}

nlohmann::json to_json(const review::Finding& finding) {
  return {{"id", finding.id},
          {"level", review::to_string(finding.level)},
          {"kind", finding.kind},
          {"message", finding.message},
          {"why", finding.why},
          {"remedy", finding.remedy},
          {"old", place(finding.old_place)},
          {"new", place(finding.new_place)},
          {"functions", finding.functions},
          {"types", finding.types}};
}

void print(const review::Finding& finding) {
  fmt::print("  {}\n    {}\n", finding.id, readable(finding.message));
  if (finding.old_place) fmt::print("    before: {}\n", dwarf::to_string(*finding.old_place));
  if (finding.new_place) fmt::print("    after:  {}\n", dwarf::to_string(*finding.new_place));
  if (!finding.types.empty()) fmt::print("    types: {}\n", fmt::join(finding.types, ", "));
  if (finding.functions.size() > 1)
    fmt::print("    functions: {}\n", readable(fmt::format("{}", fmt::join(finding.functions, ", "))));
  fmt::print("    why: {}\n", finding.why);
  if (!finding.remedy.empty()) fmt::print("    what to do: {}\n", finding.remedy);
}

}  // namespace

nlohmann::json to_json(const std::vector<review::Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const review::Finding& finding : findings) list.push_back(to_json(finding));
  return {{"level", review::to_string(review::highest(findings))}, {"findings", list}};
}

void print_findings(const std::vector<review::Finding>& findings) {
  std::string level;
  for (const review::Finding& finding : findings) {
    const std::string its = review::to_string(finding.level);
    if (its != level) fmt::print("{}\n", coloured(its, its));
    level = its;
    print(finding);
  }
  const std::string all = review::to_string(review::highest(findings));
  fmt::print("the whole: {}\n", coloured(all, all));
}

nlohmann::json to_json(const std::vector<patch::Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const patch::Finding& finding : findings)
    list.push_back({{"id", finding.id},
                    {"level", finding.level},
                    {"message", finding.message},
                    {"acknowledgement", finding.acknowledgement}});
  return list;
}

void print_findings(const std::vector<patch::Finding>& findings) {
  for (const patch::Finding& finding : findings) {
    fmt::print("  {} {}: {}\n", coloured(finding.level, finding.level), finding.id,
               readable(finding.message));
    if (!finding.acknowledgement.empty()) fmt::print("    acknowledged: {}\n", finding.acknowledgement);
  }
}

void print_acknowledged(const patch::Patch& patch) {
  for (const patch::Finding& finding : patch.findings)
    if (!finding.acknowledgement.empty())
      fmt::print("note: {}: {}\n      acknowledged: {}\n", finding.id, readable(finding.message),
                 finding.acknowledgement);
}

}  // namespace stent::cli
