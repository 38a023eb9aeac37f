#include "live/process/known_modules.hpp"

#include <algorithm>

namespace stent::process {
namespace {

/// Whether it can be a part of a module.
bool may_matter(const Mapping& mapping) {
  return mapping.inode != 0 || mapping.permissions.execute || mapping.name == "[vdso]";
}

/// Whether all of `earlier` are still there, as they were; both ascending.
bool are_still_there(const std::vector<Mapping>& earlier, const std::vector<Mapping>& now) {
  auto at = now.begin();
  return std::ranges::all_of(earlier, [&](const Mapping& mapping) {
    at = std::find(at, now.end(), mapping);
    return at != now.end();
  });
}

}  // namespace

const std::vector<Module>& KnownModules::among(const std::vector<Mapping>& mappings) {
  std::vector<Mapping> now;
  std::ranges::copy_if(mappings, std::back_inserter(now), may_matter);
  if (now == looked_at_) return modules_;
  if (!are_still_there(looked_at_, now)) memory_.forget();
  modules_ = find_modules(now, memory_, program_headers_);
  looked_at_ = std::move(now);
  return modules_;
}

}  // namespace stent::process
