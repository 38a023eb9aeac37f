#include "create/require_hosts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "binary/dwarf/inlined_copies.hpp"

namespace stent::create {
namespace {

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

/// A clone (f.isra.0) is inlined under the name of its base.
std::map<LinkAddress, std::string> replaced_functions(const std::vector<bind::BoundUnit>& units) {
  std::map<LinkAddress, std::string> functions;
  for (const bind::BoundUnit& unit : units)
    for (const bind::BoundFunction& function : unit.replaced)
      functions.emplace(function.extents.at(0).range.begin, model::parse_name(function.name).base);
  return functions;
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

void require_inlined_hosts(const model::Image& target, const std::vector<bind::BoundUnit>& units,
                           const std::set<std::string>& compared) {
  if (compared.contains("<artificial>") || compared.contains("ld-temp.o")) return;
  std::set<std::string> sources, missing;
  for (const std::string& source : compared) sources.insert(base_name(source));
  for (const dwarf::InlinedCopy& copy :
       dwarf::inlined_copies(target.debug_file, target.debug_roots, replaced_functions(units)))
    if (!sources.contains(base_name(copy.source)) && !is_replaced(units, copy.at))
      missing.insert(fmt::format("{} is inlined into {} ({})", copy.function, copy.host, copy.source));
  if (missing.empty()) return;
  std::string reasons = "old copies of changed functions would stay in the target:";
  for (const std::string& one : missing) reasons += "\n  " + one;
  throw Error(ErrorCode::refused, reasons,
              "pass the objects of those units as well, before and after the change");
}

}  // namespace stent::create
