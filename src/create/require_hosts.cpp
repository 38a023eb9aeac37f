#include "create/require_hosts.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "binary/dwarf/header_functions.hpp"
#include "binary/dwarf/inlined_copies.hpp"

namespace stent::create {
namespace {

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

using Functions = std::map<LinkAddress, std::string>;

/// A clone (f.isra.0) is inlined under the name of its base.
Functions replaced_functions(const bind::BoundUnit& unit) {
  Functions functions;
  for (const bind::BoundFunction& function : unit.replaced)
    functions.emplace(function.extents.at(0).range.begin, model::parse_name(function.name).base);
  return functions;
}

/// Those of `all` that the unit takes from a header.
Functions of_headers(const bind::BoundUnit& unit, const Functions& all) {
  std::set<std::string> names;
  for (const auto& [at, name] : all) names.insert(name);
  names = dwarf::header_functions(unit.new_object->path, std::move(names));
  Functions some = all;
  std::erase_if(some, [&](const auto& function) { return !names.contains(function.second); });
  return some;
}

review::Finding unseen_copies(const std::string& function, const std::string& unseen) {
  review::Finding finding;
  finding.id = "inlined-copies:" + function;
  finding.kind = "inlined-copies";
  finding.level = review::Level::review;
  finding.message =
      function + " stands in a header, and whether other units hold inlined copies cannot be seen: " + unseen;
  finding.why = "such copies would go on running the old code";
  finding.remedy = "give the target's debug file (--debug-root), or build it with -g";
  finding.functions = {function};
  return finding;
}

bool is_replaced(const std::vector<bind::BoundUnit>& units, LinkAddress at) {
  return std::ranges::any_of(units, [&](const bind::BoundUnit& unit) {
    return std::ranges::any_of(unit.replaced, [&](const bind::BoundFunction& function) {
      return std::ranges::any_of(function.extents,
                                 [&](const patch::Extent& extent) { return extent.range.contains(at); });
    });
  });
}

}  // namespace

std::vector<review::Finding> require_inlined_hosts(const model::Image& target,
                                                   const std::vector<bind::BoundUnit>& units,
                                                   const std::set<std::string>& compared,
                                                   bool is_whole_build) {
  if (compared.contains("<artificial>") || compared.contains("ld-temp.o")) return {};
  Functions all, headers;
  for (const bind::BoundUnit& unit : units) {
    const Functions functions = replaced_functions(unit);
    if (functions.empty()) continue;
    all.insert(functions.begin(), functions.end());
    headers.merge(of_headers(unit, functions));
  }
  const dwarf::InlinedCopies copies =
      dwarf::inlined_copies(target.debug_file, target.debug_roots, is_whole_build ? headers : all);
  std::set<std::string> sources, missing;
  for (const std::string& source : compared) sources.insert(base_name(source));
  for (const dwarf::InlinedCopy& copy : copies.found)
    if (!sources.contains(base_name(copy.source)) && !is_replaced(units, copy.at))
      missing.insert(fmt::format("{} is inlined into {} ({})", copy.function, copy.host, copy.source));
  if (!missing.empty())
    throw Error(ErrorCode::refused,
                fmt::format("old copies of changed functions would stay in the target:\n  {}",
                            fmt::join(missing, "\n  ")),
                is_whole_build ? "the recorded commands lack those units: record the whole build"
                               : "pass the objects of those units as well, before and after the change");
  std::vector<review::Finding> findings;
  if (!copies.unseen.empty())
    for (const auto& [at, name] : headers) findings.push_back(unseen_copies(name, copies.unseen));
  return findings;
}

}  // namespace stent::create
