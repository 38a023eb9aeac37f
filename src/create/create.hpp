// Making a patch: the whole offline journey as one call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "create/request.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// The patch, and what a person should know about how it came to be.
struct Outcome {
  std::optional<patch::Patch> patch;  ///< empty: nothing to change
  std::vector<std::string> notes;
};

/// Makes the patch and verifies it against the objects it was made from.
/// Throws `bad_input`, `build_failed`, `mismatch` (an old object is not what the target was built from),
/// `refused` (every reason in one message).
[[nodiscard]] Outcome create(const Request& request);

}  // namespace stent::create
