// A patch as a reviewer sees it who has nothing but the patch.
#pragma once

#include <filesystem>

#include "create/report/report.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// The functions that `patch` replaces (its pre-images beside its new code), those that it brings along, and
/// the findings that it stores. `file` is the patch's own: its debug information names the source, which is
/// shown where it is at hand. Throws `bad_input` when that debug information is damaged.
[[nodiscard]] report::Report view_patch(const patch::Patch& patch, const std::filesystem::path& file);

}  // namespace stent::create
