// What a manual patch cannot know from its own source, looked for in the target's code.
#pragma once

#include <string>
#include <vector>

#include "create/manual/bind_manual.hpp"

namespace stent::manual {

struct Hazard {
  std::string id;  ///< for --ack: "KIND:FUNCTION"
  std::string message;
};

/// Callers that may rely on registers which the old function leaves alone and the new one does not (gcc
/// -fipa-ra); clones of a replaced function that stay as they are; copies of it inlined elsewhere, where
/// debug information tells.
[[nodiscard]] std::vector<Hazard> find_hazards(const ManualUnit& unit, const model::Image& image);

}  // namespace stent::manual
