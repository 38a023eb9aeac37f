#include "create/review/step_order.hpp"

#include <algorithm>

namespace stent::review {
namespace {

using Steps = std::vector<std::string>;

Steps steps(const FunctionFacts& facts) {
  Steps all;
  for (const auto& [offset, text] : facts.mixing) all.push_back(text);
  return all;
}

Steps steps_of(const FunctionFacts& facts, const dwarf::Function& function, const std::string& inlined) {
  Steps all;
  for (const auto& [offset, text] : facts.mixing)
    if (std::ranges::any_of(function.inlined, [&](const dwarf::InlinedCall& call) {
          return call.name == inlined && call.contains(offset);
        }))
      all.push_back(text);
  return all;
}

bool differ_in_order(const Steps& before, const Steps& after) {
  return before != after && before.size() == after.size() && std::ranges::is_permutation(before, after);
}

}  // namespace

std::multiset<std::string> mixing_steps(const FunctionFacts& facts) {
  const Steps all = steps(facts);
  return {all.begin(), all.end()};
}

bool is_reordered(const FunctionPair& function) {
  return differ_in_order(steps(*function.before), steps(*function.after));
}

bool inlined_is_reordered(const FunctionPair& function, const std::string& inlined) {
  if (function.old_declaration == nullptr || function.new_declaration == nullptr) return false;
  return differ_in_order(steps_of(*function.before, *function.old_declaration, inlined),
                         steps_of(*function.after, *function.new_declaration, inlined));
}

}  // namespace stent::review
