// Binding a manual patch's object to the target by the names its marks give.
#pragma once

#include <memory>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/manual/marks.hpp"

namespace stent::manual {

/// A manual patch's unit: there is no old object, so the change set says only what is carried.
struct ManualUnit {
  std::unique_ptr<model::Object> object;
  std::unique_ptr<diff::ChangeSet> changes;
  bind::BoundUnit bound;
};

/// Extents and pre-images come from the target. Marked names are bound to what they name; other undefined
/// names as the linker would bind them. Throws `refused` for what is missing or ambiguous, or cannot be
/// redirected.
[[nodiscard]] ManualUnit bind_manual(const std::filesystem::path& object, const Marks& marks,
                                     const model::Image& image);

}  // namespace stent::manual
