// What is known of a value while following a function's code.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace stent::review {

/// A value in a register or stack slot. Joining two that differ leaves `unknown`, with both texts as long as
/// they are few, except that constants make a set.
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
  std::string name;  ///< of `unknown`: how it was computed, as far as that is known
  bool operator==(const Value&) const = default;

  [[nodiscard]] static Value constant(std::int64_t number) { return {Kind::constants, {number}, 0, {}}; }
  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  /// True for exactly this constant.
  [[nodiscard]] bool is_constant(std::int64_t number) const {
    return kind == Kind::constants && numbers.size() == 1 && *numbers.begin() == number;
  }
  /// Equal text for equal origin: "p0", "&lock", "*p0+16", "malloc()", or empty when unknown.
  [[nodiscard]] std::string origin() const;
  /// Equal text for equal computations, constants and unknown values included: "(p0*8)", "{1}", "{0}|p1" for
  /// one of several; empty when nothing is known.
  [[nodiscard]] std::string text() const;
};

/// The alternatives of a text.
[[nodiscard]] std::set<std::string> alternatives(const std::string& text);
/// What computes `left SIGN right`; nothing known when that is of a side, or when it grows too long.
[[nodiscard]] Value computed(const Value& left, const std::string& sign, const Value& right);
[[nodiscard]] Value computed(const std::string& operation, const Value& of);

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
