// What new code expects of functions that other patches may replace.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/emit/references.hpp"

namespace stent::emit {

/// The functions of `target`, replaced by the patch or not, that the selected code calls, directly or by way
/// of others, and that leave alone registers which it may use afterwards; ascending by entry.
[[nodiscard]] std::vector<patch::Reliance> find_reliance(const model::Image& target,
                                                         const std::vector<bind::BoundUnit>& units,
                                                         const Placement& placement,
                                                         const References& references);

}  // namespace stent::emit
