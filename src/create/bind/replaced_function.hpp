// A changed function's extents and pre-images in the target, and whether its entry can be redirected.
#pragma once

#include <string>
#include <vector>

#include "create/bind/match_code.hpp"
#include "patch/patch.hpp"

namespace stent::bind {

/// The extents of a matched function, entry first, with the target's bytes.
/// Throws `refused` when its entry cannot hold a jump (too short, loops back into its first bytes, load-time
/// relocated) or when other functions share its code (`own_names`: the names it has in its unit).
[[nodiscard]] std::vector<patch::Extent> extents_of(const model::Image& image, const std::string& name,
                                                    const std::vector<std::string>& own_names,
                                                    const CodeMatch& match);

}  // namespace stent::bind
