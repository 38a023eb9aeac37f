// Memory ranges with others cut out of them.
#pragma once

#include <span>
#include <vector>

#include "base/address.hpp"

namespace stent::unwind {

/// `from` without `holes`; both ascending, `holes` may overlap.
[[nodiscard]] std::vector<RemoteRange> without(std::span<const RemoteRange> from,
                                               std::span<const RemoteRange> holes);

}  // namespace stent::unwind
