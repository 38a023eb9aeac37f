// Asking about new code that exceptions may pass through.
#pragma once

#include <vector>

#include "create/choose_units.hpp"
#include "create/review/finding.hpp"

namespace stent::create {

/// Adds the finding "exceptions:UNIT" for each unit whose selected code has landing pads: the target's
/// unwinder does not know the patch, so an exception that meets such code ends the process.
void ask_about_exceptions(const std::vector<ChosenUnit>& units, std::vector<review::Finding>& findings);

}  // namespace stent::create
