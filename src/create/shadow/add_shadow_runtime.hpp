// Linking the functions of stent/shadow.h into a patch that calls them.
#pragma once

#include <memory>
#include <vector>

#include "create/bind/bound_unit.hpp"

namespace stent::shadow {

/// A unit of its own, kept alive for the bound unit that points into it.
struct Runtime {
  model::Object object;
  diff::ChangeSet changes;
};

/// Adds the runtime to `units` when one of them refers to it; null when none does.
[[nodiscard]] std::unique_ptr<Runtime> add_shadow_runtime(std::vector<bind::BoundUnit>& units);

}  // namespace stent::shadow
