// The constants that a function's code computes with.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "create/review/function_facts.hpp"

namespace stent::review {

using Numbers = std::set<std::int64_t>;

/// A constant as a magnitude: x + 100 and x - 100 belong together, and so do a bit's mask and a shift by its
/// number.
[[nodiscard]] std::int64_t magnitude(Use use, std::int64_t number);

/// The magnitudes of all of them.
[[nodiscard]] Numbers used(const FunctionFacts& facts);

/// Arithmetic, but not comparing: what decides a result's value.
[[nodiscard]] std::multiset<std::pair<Use, std::int64_t>> computed_constants(const FunctionFacts& facts);

}  // namespace stent::review
