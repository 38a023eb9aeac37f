// A changed function's extents and pre-images in the target, and whether its entry can be redirected.
#pragma once

#include <string>
#include <vector>

#include "create/bind/match_code.hpp"
#include "patch/patch.hpp"

namespace stent::bind {

/// The extents of a matched function, entry first, with the target's bytes.
/// Throws `refused` when other functions share its code (`own_names`: the names it has in its unit).
[[nodiscard]] std::vector<patch::Extent> extents_of(const model::Image& image, const std::string& name,
                                                    const std::vector<std::string>& own_names,
                                                    const CodeMatch& match);

/// Where the jump of a function may stand whose entry, padding behind it included, is too short for it; empty
/// for the others. Throws `refused` when it can stand nowhere.
[[nodiscard]] std::vector<patch::Extent> islands_of(const model::Image& image, const std::string& name,
                                                    const std::vector<patch::Extent>& extents);

/// The fields of `extents` that the dynamic loader fills in. Throws `refused` for one of an unknown kind.
[[nodiscard]] std::vector<patch::LoadTimeField> load_time_fields(const model::Image& image,
                                                                 const std::string& name,
                                                                 const std::vector<patch::Extent>& extents);

}  // namespace stent::bind
