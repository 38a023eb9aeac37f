// Writing the review of a patch as a web page.
#pragma once

#include <vector>

#include "create/choose_units.hpp"
#include "create/compile/changed_tree.hpp"
#include "create/request.hpp"
#include "create/review/finding.hpp"

namespace stent::create {

/// Writes `*request.report`. `files` are those of the diff, empty where there is none.
void write_report(const Request& request, const std::vector<ChosenUnit>& units,
                  const std::vector<review::Finding>& findings,
                  const std::vector<compile::ChangedFile>& files);

}  // namespace stent::create
