// What a patch leaves to the dynamic loader though nothing that the target is linked with defines it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "binary/model/image.hpp"
#include "create/review/finding.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// Of `names`, those that no library defines that the target needs and this machine has.
[[nodiscard]] std::set<std::string> without_library_names(std::set<std::string> names,
                                                          const model::Image& target);

/// Adds to `findings` a question ("symbol:NAME") for each such name of `image`. Where a library that the
/// target needs is not on this machine, nothing can be said, and nothing is asked.
void ask_about_names(const model::Image& target, const patch::Image& image,
                     std::vector<review::Finding>& findings);

}  // namespace stent::create
