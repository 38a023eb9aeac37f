// Which island each short function of an image gets.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "patch/patch.hpp"

namespace stent::patch {

/// For each replaced function of `image` the island that its jump goes through, empty where it needs none.
/// No two share bytes, and none lies in what the image
/// replaces. `is_free` says whether the target lets the function of that index use a place. Throws `refused`
/// naming the function for which none is left.
[[nodiscard]] std::vector<std::optional<Extent>> assign_islands(
    const Image& image, const std::function<bool(std::size_t, const Extent&)>& is_free);

/// True for a function that cannot hold a near jump.
[[nodiscard]] bool needs_island(const ReplacedFunction& function);

}  // namespace stent::patch
