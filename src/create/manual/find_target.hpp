// Finding what a mark names in the target.
#pragma once

#include "binary/model/image.hpp"
#include "create/manual/marks.hpp"

namespace stent::manual {

/// The one symbol of that name (in that file: the STT_FILE name, or its end). Symbols that agree in address
/// and kind are one. Throws `refused` when there is none or more than one.
[[nodiscard]] const model::ImageSymbol& find_target(const model::Image& image, const TargetName& name);

/// The parts of a function of the target: its extent, and the cold parts that it jumps to.
[[nodiscard]] std::vector<LinkRange> parts_of(const model::Image& image, const model::ImageSymbol& function);

}  // namespace stent::manual
