// What making a patch comes to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "create/explanation.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// The patch, and what a person should know about how it came to be.
struct Outcome {
  std::optional<patch::Patch> patch;  ///< empty: nothing to change
  std::vector<std::string> notes;
  Explanation explanation;  ///< when asked for
};

}  // namespace stent::create
