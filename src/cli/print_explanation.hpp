// Printing why a patch is what it is.
#pragma once

#include <nlohmann/json.hpp>

#include "create/create.hpp"

namespace stent::cli {

void print_explanation(const create::Explanation& explanation);
[[nodiscard]] nlohmann::json to_json(const create::Explanation& explanation);

}  // namespace stent::cli
