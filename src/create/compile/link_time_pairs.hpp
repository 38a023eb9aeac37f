// From units compiled with link-time optimisation to pairs of objects: what the optimiser makes of the whole
// program before and after the change.
#pragma once

#include <vector>

#include "create/compile/compile_request.hpp"
#include "create/compile/object_pair.hpp"
#include "create/compile/recorded_link.hpp"
#include "create/compile/recorded_unit.hpp"
#include "create/compile/tree_view.hpp"

namespace stent::compile {

/// Compiles `units` before and after the change and repeats, outside the source tree, each of `links` that
/// has their objects (of those that made one of the request's targets, where there are such), with the ones
/// and with the others. All else is what the build wrote. gcc's parts of one link become one object. Throws
/// `unsupported` where the link of a unit is not known, `build_failed`.
[[nodiscard]] std::vector<ObjectPair> link_time_pairs(const std::vector<RecordedUnit>& units,
                                                      const std::vector<RecordedLink>& links,
                                                      const TreeView& view, const CompileRequest& request);

}  // namespace stent::compile
