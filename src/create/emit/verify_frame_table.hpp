// What must be true of a linked call frame table as a whole.
#pragma once

#include <map>
#include <set>

#include "create/emit/frame_index.hpp"

namespace stent::emit {

/// `frames` are the table's entries. It must end where the image says, its search table must list exactly its
/// entries, ascending, and besides those of `described` code only the `stubs` may have one, for all of them,
/// that says what is true of code which pushed nothing yet. Throws `internal`.
void verify_frame_table(const patch::Image& image, const Trial& trial,
                        const std::map<RemoteAddress, LinkedFrame>& frames,
                        const std::set<RemoteAddress>& described, const std::set<RemoteAddress>& stubs);

}  // namespace stent::emit
