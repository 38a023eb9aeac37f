// What instructions compute of values, constants where they are known and texts otherwise.
#pragma once

#include <cstdint>

#include "binary/arch/x86_64/step.hpp"
#include "create/review/value.hpp"

namespace stent::review {

/// Longer names of places are not followed.
inline constexpr std::size_t longest_name = 80;

/// The value and a constant; the address of a member for what may point to an object.
[[nodiscard]] Value plus(Value value, std::int64_t number);

/// Sign-extends the low `size` bytes.
[[nodiscard]] std::int64_t truncate(std::int64_t number, unsigned size);

/// The sum, or difference, of constants with and without the carry.
[[nodiscard]] Value with_carry(const Value& left, const Value& right, std::int64_t sign);

/// What `step` makes of `left` and `right`.
[[nodiscard]] Value result_of(const x86_64::Step& step, const Value& left, const Value& right);

/// The sign by which texts tell an operation; null for those without one.
[[nodiscard]] const char* sign_of(x86_64::Operation operation);

/// The address of static storage.
[[nodiscard]] bool is_table(const Value& value);

/// The address of some element of the table at `table`.
[[nodiscard]] Value element_of(const Value& table);

}  // namespace stent::review
