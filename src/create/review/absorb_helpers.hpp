// Functions that only one build has, and whose code the other has in the functions that call them.
#pragma once

#include <set>
#include <string>

#include "create/review/function_facts.hpp"

namespace stent::review {

/// Takes what `part` does into `host` in place of its calls of it, by the name `called`, with the arguments
/// of each call.
void absorb_calls(FunctionFacts& host, const FunctionFacts& part, const std::string& called);

/// It can stand in place of its calls: it does not call itself, and returns with the locks it was entered
/// with.
[[nodiscard]] bool can_be_absorbed(const FunctionFacts& part);

}  // namespace stent::review
