#include "create/bind/hook_kind.hpp"

#include <array>
#include <utility>

namespace stent::bind {

std::optional<patch::HookKind> hook_kind(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, patch::HookKind>, 4> names{
      {{"stent_pre_apply", patch::HookKind::pre_apply},
       {"stent_post_apply", patch::HookKind::post_apply},
       {"stent_pre_revert", patch::HookKind::pre_revert},
       {"stent_post_revert", patch::HookKind::post_revert}}};
  for (const auto& [prefix, kind] : names)
    if (name == prefix || (name.starts_with(prefix) && name[prefix.size()] == '_')) return kind;
  return std::nullopt;
}

}  // namespace stent::bind
