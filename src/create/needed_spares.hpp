// What new code needs and the target was linked without: it comes along.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// Adds to `units` what defines the names that code of `bound` uses and neither the patch nor `target` has:
/// units that the target was linked with, of which its linker dropped that part (it is then `wanted` of
/// them), else spare units that alone define them, as new as a whole. Members of an archive count where a
/// member of the same one is among `units`, or the target has a part of them. `again` owns them; `notes` says
/// why each comes. Returns whether there is anything to bind anew. Where a stripped target does not tell,
/// throws `refused`.
[[nodiscard]] bool add_needed(std::vector<ChosenUnit>& units, const std::vector<bind::BoundUnit>& bound,
                              const model::Image& target, const compile::SpareFinder& find_spares,
                              std::list<ComparedUnit>& again, std::vector<std::string>& notes);

}  // namespace stent::create
