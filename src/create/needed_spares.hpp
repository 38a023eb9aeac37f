// Units that the target was linked without and that new code needs: they come along.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/choose_units.hpp"

namespace stent::create {

/// Of the spare units, as units that are new as a whole, those that alone define what code of `bound` names
/// and neither the patch nor `target` has. Members of an archive count where a member of the same one is
/// among `chosen`. `again` owns them; `notes` says why each comes. A unit of which the target has a part does
/// not; where a stripped target does not tell, throws `refused`.
[[nodiscard]] std::vector<ChosenUnit> needed_spares(const std::vector<ChosenUnit>& chosen,
                                                    const std::vector<bind::BoundUnit>& bound,
                                                    const model::Image& target,
                                                    const compile::SpareFinder& find_spares,
                                                    std::list<ComparedUnit>& again,
                                                    std::vector<std::string>& notes);

}  // namespace stent::create
