// Functions that new code names, and that the target holds with other code than the old source gives them.
#pragma once

#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "create/chosen_unit.hpp"
#include "create/review/finding.hpp"

namespace stent::create {

/// Adds to `findings` a question ("other-code:NAME") for each function of the same unit that the patch's code
/// names, is in `target` by name, and did not match there: the compiler knew the body it compiled (which
/// registers it leaves alone, what it reads and changes), and that is not the one that would run. Members of
/// section groups are not asked about: a compiler expects another unit's copy of those. `units` are those of
/// `chosen`, in their order, and may go on.
void ask_about_other_code(const std::vector<ChosenUnit>& chosen, const std::vector<bind::BoundUnit>& units,
                          const model::Image& target, std::vector<review::Finding>& findings);

}  // namespace stent::create
