#include "create/load_targets.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::create {
namespace {

/// Of several rebuilds, each is for the one target that it equals.
void adopt_from(model::Image& target, const std::vector<model::Image>& twins, bool must_fit) {
  for (const model::Image& twin : twins) {
    try {
      model::adopt_symbols(target, twin);
      return;
    } catch (const Error& error) {
      if (must_fit || error.code() != ErrorCode::mismatch) throw;
    }
  }
}

}  // namespace

std::vector<model::Image> load_targets(const Request& request) {
  const model::DebugSearch search{.roots = request.debug_roots};
  std::vector<model::Image> twins, targets;
  for (const auto& path : request.same_builds) twins.push_back(model::load_image(path, search));
  const bool must_fit = request.targets.size() == 1 && twins.size() == 1;
  for (const auto& path : request.targets) {
    model::Image target = model::load_image(path, search);
    if (target.soname == "linux-vdso.so.1")
      throw Error(ErrorCode::refused, path.string() + " is the vdso, which belongs to the kernel",
                  "patch the program or the library that calls it");
    adopt_from(target, twins, must_fit);
    const auto twice = std::ranges::find(targets, target.build_id, &model::Image::build_id);
    if (twice != targets.end())
      throw Error(ErrorCode::usage,
                  fmt::format("{} and {} are the same build", twice->path.string(), path.string()),
                  "give each build once");
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace stent::create
