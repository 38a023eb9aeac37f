// What is known of a value while following a function's code.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace stent::review {

/// A value in a register or stack slot. Joining two that differ leaves `unknown`, except that constants make
/// a set.
struct Value {
  enum class Kind {
    unknown,
    constants,  ///< one of `numbers`
    parameter,  ///< argument number `offset` as the function was entered
    address,    ///< of the thing `name`, plus `offset`
    loaded,     ///< what the memory `name` holds, e.g. "*p0+16"
    result,     ///< what the call of `name` returned
    stack,      ///< address `offset` from the stack pointer at entry
  } kind = Kind::unknown;
  std::set<std::int64_t> numbers;
  std::int64_t offset = 0;
  std::string name;
  bool operator==(const Value&) const = default;

  [[nodiscard]] static Value constant(std::int64_t number) { return {Kind::constants, {number}, 0, {}}; }
  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  /// True for exactly this constant.
  [[nodiscard]] bool is_constant(std::int64_t number) const {
    return kind == Kind::constants && numbers.size() == 1 && *numbers.begin() == number;
  }
  /// Equal text for equal origin: "p0", "&lock", "*p0+16", "malloc()", or empty when unknown.
  [[nodiscard]] std::string origin() const;
};

/// What is true after two paths meet.
[[nodiscard]] Value join(const Value& a, const Value& b);

/// The constants of `value` through `change`; unknown when it is not constants.
template <class Change>
[[nodiscard]] Value map_constants(const Value& value, Change change) {
  if (value.kind != Value::Kind::constants) return {};
  Value mapped{Value::Kind::constants, {}, 0, {}};
  for (const std::int64_t number : value.numbers) mapped.numbers.insert(change(number));
  return mapped;
}

}  // namespace stent::review
