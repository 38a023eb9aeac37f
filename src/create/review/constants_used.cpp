#include "create/review/constants_used.hpp"

namespace stent::review {

std::int64_t magnitude(Use use, std::int64_t number) {
  const bool is_shift = use == Use::shifted && number >= 0 && number < 63;
  return is_shift ? std::int64_t{1} << number : number < 0 && number > INT64_MIN ? -number : number;
}

Numbers used(const FunctionFacts& facts) {
  Numbers all;
  for (const auto& [use, number] : facts.constants) all.insert(magnitude(use, number));
  return all;
}

std::multiset<std::pair<Use, std::int64_t>> computed_constants(const FunctionFacts& facts) {
  std::multiset<std::pair<Use, std::int64_t>> all;
  for (const auto& constant : facts.constants)
    if (constant.first == Use::computed || constant.first == Use::shifted) all.insert(constant);
  return all;
}

}  // namespace stent::review
