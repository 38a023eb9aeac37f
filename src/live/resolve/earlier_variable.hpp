// New static data of patches that the target holds already, for those that come to go on with.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/build_id.hpp"
#include "patch/patch.hpp"

namespace stent::resolve {

/// A variable that an applied patch uses, as its record tells it.
struct EarlierVariable {
  BuildId module;
  patch::NewVariable variable;  ///< its address is that of the patch that brought it: not meant
  RemoteAddress address;
  std::string patch;  ///< the name of the patch that uses it
};

/// For each of `image.variables`, where the process has it already; newest of `earlier` last. Throws
/// `refused` where it is there with another size, type, alignment or initial value, or where it cannot be
/// told which of several it is.
[[nodiscard]] std::vector<std::optional<RemoteAddress>> find_earlier(
    const patch::Image& image, std::span<const EarlierVariable> earlier);

}  // namespace stent::resolve
