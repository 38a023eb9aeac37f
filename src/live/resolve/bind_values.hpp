// The value of every binding of an image in one target.
#pragma once

#include "live/process/module.hpp"
#include "live/resolve/dynamic_lookup.hpp"
#include "patch/patch.hpp"

namespace stent::resolve {

/// What bindings may point at.
struct BindingSpace {
  const std::vector<process::Module>* modules;
  const LoaderView* loader;
  const DynamicLookup* symbols;
  const std::vector<PatchBase>* bases;  ///< of all images of the patch
  const AskResolver* ask;
  RemoteAddress shadow_table;  ///< where the process has, or will have, its table of shadow data
  /// Of all images of the patch: where each of its variables is, or empty: in the image itself.
  const std::vector<std::vector<std::optional<RemoteAddress>>>* variables;
};

/// The module with this build-id; throws `mismatch` naming the ones present.
[[nodiscard]] const process::Module& find_module(const std::vector<process::Module>& modules,
                                                 const BuildId& build_id, const std::string& name);

/// Values parallel to `patch.images[image].bindings`, as `link::link` takes them. Throws `mismatch`,
/// `refused`.
[[nodiscard]] std::vector<std::uint64_t> bind_values(const patch::Patch& patch, std::size_t image,
                                                     const BindingSpace& space);

}  // namespace stent::resolve
