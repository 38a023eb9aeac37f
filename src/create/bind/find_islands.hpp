// Finding islands: padding near a function too short for a jump, in which the jump may stand.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "patch/patch.hpp"

namespace stent::bind {

/// The places of a near jump's size, nearest first, that a short jump at the start of `function` reaches in
/// its page. Each lies in alignment padding between two functions: behind an unconditional end of the one,
/// before the aligned start of the other, nothing but nops and int3, without a symbol, and nothing in the
/// image's code or data leads there.
[[nodiscard]] std::vector<patch::Extent> find_islands(const model::Image& image, LinkRange function);

}  // namespace stent::bind
