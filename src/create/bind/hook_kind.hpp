// Which hook a function of a patch is, by its name.
#pragma once

#include <optional>
#include <string_view>

#include "patch/patch.hpp"

namespace stent::bind {

/// stent_pre_apply, stent_post_apply, stent_pre_revert and stent_post_revert are hooks, and so is what begins
/// with one of these and an underscore. Empty: the function is none.
[[nodiscard]] std::optional<patch::HookKind> hook_kind(std::string_view name);

}  // namespace stent::bind
