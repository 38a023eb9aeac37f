#include "create/review/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/fnv.hpp"

namespace stent::review {
namespace {

constexpr std::size_t most_constants = 24;
constexpr std::size_t most_alternatives = 4;
constexpr std::size_t longest_text = 96;
constexpr std::size_t longest_operand = 24;  ///< of a text that would be too long

std::string plus(const std::string& name, std::int64_t offset) {
  return offset == 0 ? name : fmt::format("{}{:+}", name, offset);
}

/// A sign for a text that is too long to be kept: equal for equal texts.
std::string abbreviated(const std::string& text) { return fmt::format("~{:x}", fnv1a(text)); }

void abbreviate(std::string& text) {
  if (text.size() > longest_operand) text = abbreviated(text);
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
  if (all.size() > most_alternatives) return {};
  std::string text = fmt::format("{}", fmt::join(all, "|"));
  if (text.size() > longest_text) {
    std::set<std::string> shorter;
    for (std::string one : all) {
      abbreviate(one);
      shorter.insert(std::move(one));
    }
    text = fmt::format("{}", fmt::join(shorter, "|"));
  }
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

namespace {

/// A sum of values and a constant.
struct Sum {
  std::vector<std::string> terms;
  std::int64_t constant = 0;
};

/// "(a + b)" -> a, b; of a text that is no sum the whole.
std::vector<std::string> terms_of(const std::string& text) {
  std::vector<std::string> terms;
  std::string term;
  int depth = 0;
  for (std::size_t i = 1; text.starts_with('(') && i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth < 0) {
      if (i + 1 != text.size()) return {text};
      terms.push_back(term);
      break;
    }
    if (depth == 0 && text.compare(i, 3, " + ") == 0) {
      terms.push_back(std::exchange(term, {}));
      i += 2;
    } else {
      term += text[i];
    }
  }
  return terms.size() > 1 ? terms : std::vector<std::string>{text};
}

/// Adds `value` to `sum`, where the address of something that a pointer leads to is the pointer and a
/// constant.
void add_to(Sum& sum, const Value& value) {
  if (value.is(Value::Kind::constants) && value.numbers.size() == 1) {
    sum.constant += *value.numbers.begin();
  } else if (value.is(Value::Kind::address) && value.name.starts_with('*') && !value.name.ends_with(']')) {
    sum.constant += value.offset;
    sum.terms.push_back(value.name.substr(1));
  } else {
    for (const std::string& term : terms_of(value.text())) {
      const bool is_constant =
          term.starts_with('{') && term.ends_with('}') && term.find('|') == std::string::npos;
      if (is_constant)
        sum.constant += std::atoll(term.c_str() + 1);
      else
        sum.terms.push_back(term);
    }
  }
}

Value sum_of(const Value& left, const Value& right) {
  Sum sum;
  add_to(sum, left);
  add_to(sum, right);
  std::ranges::sort(sum.terms);
  if (sum.constant != 0) sum.terms.push_back(fmt::format("{{{}}}", sum.constant));
  if (sum.terms.empty()) return Value::constant(sum.constant);
  const std::string text = fmt::format("{}", fmt::join(sum.terms, " + "));
  return {Value::Kind::unknown, {}, 0, sum.terms.size() == 1 ? text : "(" + text + ")"};
}

/// A mask that clears low bits, and high ones that a narrower computation does not have: -4.
Value as_alignment(const Value& mask) {
  if (!mask.is(Value::Kind::constants) || mask.numbers.size() != 1 || *mask.numbers.begin() <= INT32_MAX)
    return mask;
  const std::int64_t number = *mask.numbers.begin();
  const auto low = static_cast<std::int32_t>(number & UINT32_MAX);
  const bool clears_low = low < 0 && (-std::int64_t{low} & (-std::int64_t{low} - 1)) == 0;
  return clears_low ? Value::constant(low) : mask;
}

}  // namespace

Value computed(const Value& left, const std::string& sign, const Value& whole) {
  if (sign == "*" && whole.is_constant(1)) return left;
  if (sign == "and" && left.is(Value::Kind::constants) && !whole.is(Value::Kind::constants))
    return computed(whole, sign, left);
  const Value right = sign == "and" ? as_alignment(whole) : whole;
  std::string a = left.text(), b = right.text();
  if (a.empty() || b.empty()) return {};
  const bool is_long = a.size() + b.size() > longest_text;
  const bool is_symmetric = sign == "+" || sign == "*" || sign == "and" || sign == "or" || sign == "xor";
  if (is_long) {
    abbreviate(a);
    abbreviate(b);
  } else if (sign == "+") {
    return sum_of(left, right);
  }
  if (is_symmetric && b < a) std::swap(a, b);
  return {Value::Kind::unknown, {}, 0, fmt::format("({} {} {})", a, sign, b)};
}

Value computed(const std::string& operation, const Value& of) {
  std::string text = of.text();
  if (text.empty()) return {};
  if (text.size() > longest_text) abbreviate(text);
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
