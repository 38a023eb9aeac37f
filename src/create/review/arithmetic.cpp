#include "create/review/arithmetic.hpp"

#include <fmt/core.h>

namespace stent::review {
namespace {

using x86_64::Operation;
using x86_64::Step;
using Kind = Value::Kind;

/// Every pair of the constants of both through `combine`; unknown when there are too many.
template <class Combine>
Value combine_constants(const Value& left, const Value& right, Combine combine) {
  constexpr std::size_t most = 32;
  if (!left.is(Kind::constants) || !right.is(Kind::constants)) return {};
  if (left.numbers.size() * right.numbers.size() > most) return {};
  Value result{Kind::constants, {}, 0, {}};
  for (const std::int64_t a : left.numbers)
    for (const std::int64_t b : right.numbers) result.numbers.insert(combine(a, b));
  return result;
}

Value arithmetic(const Step& step, const Value& left, const Value& right) {
  using Number = std::int64_t;
  const bool known = right.is(Kind::constants) && right.numbers.size() == 1;
  const Number by = known ? *right.numbers.begin() : 0;
  const bool fills = known && by == step.operands[0].size * 8 - 1;  // only the sign is left
  switch (step.operation) {
    case Operation::add: return known ? plus(left, by) : Value{};
    case Operation::subtract: return known ? plus(left, -by) : Value{};
    case Operation::and_: return combine_constants(left, right, [](Number a, Number b) { return a & b; });
    case Operation::xor_: return combine_constants(left, right, [](Number a, Number b) { return a ^ b; });
    case Operation::or_:
      if (known && by == -1) return right;
      return combine_constants(left, right, [](Number a, Number b) { return a | b; });
    case Operation::shift_left:
      return known && by < 63 ? map_constants(left, [&](Number n) { return n << by; }) : Value{};
    case Operation::shift_right: return fills ? Value{Kind::constants, {0, 1}, 0, {}} : Value{};
    case Operation::shift_right_signed: return fills ? Value{Kind::constants, {-1, 0}, 0, {}} : Value{};
    case Operation::negate: return map_constants(left, [](Number n) { return -n; });
    case Operation::invert: return map_constants(left, [](Number n) { return ~n; });
    default: return {};
  }
}

}  // namespace

Value plus(Value value, std::int64_t number) {
  if (value.is(Kind::constants)) return map_constants(value, [&](std::int64_t n) { return n + number; });
  if (value.is(Kind::address) || value.is(Kind::stack)) {
    value.offset += number;
    return value;
  }
  if (number == 0) return value;
  if (value.is(Kind::parameter) || value.is(Kind::loaded) || value.is(Kind::result)) {
    Value inside{Kind::address, {}, number, "*" + value.origin()};
    return inside.name.size() > longest_name ? Value{} : inside;
  }
  return computed(value, "+", Value::constant(number));
}

std::int64_t truncate(std::int64_t number, unsigned size) {
  switch (size) {
    case 1: return static_cast<std::int8_t>(number);
    case 2: return static_cast<std::int16_t>(number);
    case 4: return static_cast<std::int32_t>(number);
    default: return number;
  }
}

Value with_carry(const Value& left, const Value& right, std::int64_t sign) {
  Value all = combine_constants(left, right, [&](auto a, auto b) { return a + sign * b; });
  for (const std::int64_t number : std::set<std::int64_t>(all.numbers)) all.numbers.insert(number + sign);
  return all;
}

const char* sign_of(Operation operation) {
  switch (operation) {
    case Operation::add: return "+";
    case Operation::subtract: return "-";
    case Operation::multiply: return "*";
    case Operation::divide: return "/";
    case Operation::and_: return "and";
    case Operation::or_: return "or";
    case Operation::xor_: return "xor";
    case Operation::shift_left: return "<<";
    case Operation::shift_right:
    case Operation::shift_right_signed: return ">>";
    case Operation::rotate: return "rotated";
    default: return nullptr;
  }
}

Value result_of(const Step& step, const Value& left, const Value& right) {
  if (step.operation == Operation::add && (is_table(left) || is_table(right)) && !left.is(Kind::constants) &&
      !right.is(Kind::constants))
    return element_of(is_table(left) ? left : right);
  Value value = arithmetic(step, left, right);
  if (!value.is(Kind::unknown) || !value.name.empty()) return value;
  if (const char* sign = sign_of(step.operation)) return computed(left, sign, right);
  return computed(fmt::format("op{}", step.instruction.mnemonic), left);
}

bool is_table(const Value& value) { return value.is(Kind::address) && !value.name.starts_with('*'); }

Value element_of(const Value& table) {
  return {Kind::address, {}, 0, table.name.ends_with("[]") ? table.name : table.name + "[]"};
}

}  // namespace stent::review
