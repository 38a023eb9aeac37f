#include "live/resolve/present_images.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

/// Which images are kept.
std::vector<bool> choose(const patch::Patch& patch, const std::vector<process::Module>& modules) {
  std::vector<bool> kept;
  std::map<std::uint32_t, bool> found;
  for (const patch::Image& image : patch.images) {
    const bool is_there =
        std::ranges::find(modules, image.module, &process::Module::build_id) != modules.end();
    kept.push_back(is_there || !image.alternatives);
    if (image.alternatives) found[*image.alternatives] = found[*image.alternatives] || is_there;
  }
  for (const auto& [group, is_there] : found) {
    if (is_there) continue;
    std::string name, builds;
    for (const patch::Image& image : patch.images) {
      if (image.alternatives != group) continue;
      name = image.module_name;
      builds += (builds.empty() ? "" : ", ") + image.module.text();
    }
    throw Error(
        ErrorCode::mismatch,
        fmt::format("none of the builds of {} that the patch is for is in the process: {}", name, builds),
        "make a patch for the build that runs");
  }
  return kept;
}

}  // namespace

patch::Patch present_images(const patch::Patch& patch, const std::vector<process::Module>& modules) {
  const std::vector<bool> kept = choose(patch, modules);
  std::vector<std::uint32_t> number;  // of each image among the kept ones
  std::uint32_t count = 0;
  for (const bool is_kept : kept) number.push_back(is_kept ? count++ : 0);
  patch::Patch present = patch;
  present.images.clear();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    patch::Image image = patch.images[i];
    for (patch::Binding& binding : image.bindings) {
      auto* other = std::get_if<patch::OtherImage>(&binding.where);
      if (other == nullptr) continue;
      if (!kept.at(other->image))
        throw Error(
            ErrorCode::mismatch,
            fmt::format("{} needs {} of a build that is not in the process", image.module_name, binding.name),
            "make a patch for the builds that run");
      other->image = number[other->image];
    }
    present.images.push_back(std::move(image));
  }
  return present;
}

}  // namespace stent::resolve
