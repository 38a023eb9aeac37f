// Following a function's code to the facts about it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "create/review/flow_graph.hpp"
#include "create/review/function_facts.hpp"

namespace stent::review {

/// What the function `id` of `object` does. Paths are followed through its fragments and switch tables; code
/// that only an exception reaches is followed on its own.
[[nodiscard]] FunctionFacts follow(const model::Object& object, model::FunctionId id,
                                   const CodeTargets& targets, const std::set<std::string>& noreturn);

}  // namespace stent::review
