#include "create/review/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace stent::review {
namespace {

constexpr std::size_t most_constants = 24;
constexpr std::size_t most_alternatives = 4;
constexpr std::size_t longest_text = 96;

std::string plus(const std::string& name, std::int64_t offset) {
  return offset == 0 ? name : fmt::format("{}{:+}", name, offset);
}

std::string all_of(const std::set<std::int64_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::int64_t number : numbers) texts.push_back(fmt::format("{{{}}}", number));
  return fmt::format("{}", fmt::join(texts, "|"));
}

Value either(const Value& a, const Value& b) {
  const std::string left = a.text(), right = b.text();
  if (left.empty() || right.empty() || a.is(Value::Kind::stack) || b.is(Value::Kind::stack)) return {};
  std::set<std::string> all = alternatives(left);
  all.merge(alternatives(right));
  std::string text = fmt::format("{}", fmt::join(all, "|"));
  if (all.size() > most_alternatives || text.size() > longest_text) return {};
  return {Value::Kind::unknown, {}, 0, std::move(text)};
}

}  // namespace

std::string Value::origin() const {
  switch (kind) {
    case Kind::parameter: return fmt::format("p{}", offset);
    case Kind::address: return "&" + plus(name, offset);
    case Kind::loaded: return plus(name, offset);
    case Kind::result: return name + "()";
    case Kind::stack: return "stack";
    case Kind::unknown:
    case Kind::constants: break;
  }
  return {};
}

std::string Value::text() const {
  if (kind == Kind::unknown) return name;
  if (kind == Kind::constants) return all_of(numbers);
  return origin();
}

std::set<std::string> alternatives(const std::string& text) {
  std::set<std::string> all;
  int depth = 0;
  std::string one;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != '|' || depth > 0) {
      one += c;
      continue;
    }
    all.insert(std::exchange(one, {}));
  }
  if (!one.empty()) all.insert(std::move(one));
  return all;
}

Value computed(const Value& left, const std::string& sign, const Value& right) {
  std::string a = left.text(), b = right.text();
  if (a.empty() || b.empty() || a.size() + b.size() > longest_text) return {};
  const bool is_symmetric = sign == "+" || sign == "*" || sign == "and" || sign == "or" || sign == "xor";
  if (is_symmetric && b < a) std::swap(a, b);
  return {Value::Kind::unknown, {}, 0, fmt::format("({} {} {})", a, sign, b)};
}

Value computed(const std::string& operation, const Value& of) {
  const std::string text = of.text();
  if (text.empty() || text.size() > longest_text) return {};
  return {Value::Kind::unknown, {}, 0, fmt::format("({} {})", operation, text)};
}

Value join(const Value& a, const Value& b) {
  if (a == b) return a;
  if (a.kind != Value::Kind::constants || b.kind != Value::Kind::constants) return either(a, b);
  Value joined = a;
  joined.numbers.insert(b.numbers.begin(), b.numbers.end());
  return joined.numbers.size() > most_constants ? Value{} : joined;
}

}  // namespace stent::review
