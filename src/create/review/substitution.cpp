#include "create/review/substitution.hpp"

#include <fmt/core.h>

#include <cctype>
#include <cstdlib>

namespace stent::review {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// "p3" at `at`, as a word of its own: 3.
std::optional<std::size_t> parameter_at(const std::string& text, std::size_t at) {
  if (text[at] != 'p' || (at > 0 && is_word(text[at - 1])) || at + 1 >= text.size()) return std::nullopt;
  const char digit = text[at + 1];
  const bool ends = at + 2 == text.size() || !is_word(text[at + 2]);
  if (digit < '0' || digit > '5' || !ends) return std::nullopt;
  return static_cast<std::size_t>(digit - '0');
}

/// The distance "+16" at `at`, and how many characters that is.
std::pair<std::int64_t, std::size_t> distance_at(const std::string& text, std::size_t at) {
  if (at + 1 >= text.size() || (text[at] != '+' && text[at] != '-') ||
      std::isdigit(static_cast<unsigned char>(text[at + 1])) == 0)
    return {0, 0};
  std::size_t end = at + 1;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  return {std::atoll(text.c_str() + at), end - at};
}

/// The memory so far behind what `pointer` holds; empty when nobody can tell.
std::string memory_behind(const Value& pointer, std::int64_t distance) {
  if (pointer.is(Value::Kind::address)) {
    const std::int64_t offset = pointer.offset + distance;
    const bool is_begin = !pointer.name.starts_with('*') && offset == 0;
    return is_begin ? pointer.name : fmt::format("{}{:+}", pointer.name, offset);
  }
  const std::string origin = pointer.is(Value::Kind::stack) ? "" : pointer.origin();
  return origin.empty() ? "" : fmt::format("*{}{:+}", origin, distance);
}

}  // namespace

std::string substitute(const std::string& text, const Arguments& arguments) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto number = parameter_at(text, i);
    if (!number) {
      out += text[i];
      continue;
    }
    const Value& argument = arguments.at(*number);
    const bool is_behind = i > 0 && text[i - 1] == '*';
    const auto [distance, length] =
        is_behind ? distance_at(text, i + 2) : std::pair<std::int64_t, std::size_t>{};
    if (is_behind) out.pop_back();
    const std::string now = is_behind                         ? memory_behind(argument, distance)
                            : argument.is(Value::Kind::stack) ? ""
                                                              : argument.text();
    if (now.empty()) return {};
    out += now;
    i += 1 + length;
  }
  constexpr std::size_t longest = 96;
  return out.size() > longest ? std::string() : out;
}

bool is_on_stack(const std::string& place, const Arguments& arguments) {
  if (!place.starts_with("*p")) return false;
  const auto number = parameter_at(place, 1);
  const auto [distance, length] = distance_at(place, 3);
  return number && length + 3 == place.size() && arguments.at(*number).is(Value::Kind::stack);
}

Value substitute(const Value& value, const Arguments& arguments) {
  Value now = value;
  switch (value.kind) {
    case Value::Kind::parameter:
      return value.offset >= 0 && value.offset < 6 ? arguments.at(static_cast<std::size_t>(value.offset))
                                                   : Value{};
    case Value::Kind::loaded:
    case Value::Kind::unknown: now.name = substitute(value.name, arguments); break;
    case Value::Kind::address: {
      const auto number =
          value.name.size() == 3 && value.name[0] == '*' ? parameter_at(value.name, 1) : std::nullopt;
      const Value of = number ? arguments.at(*number) : Value{};
      if (of.is(Value::Kind::address) || of.is(Value::Kind::stack)) {
        now = of;
        now.offset += value.offset;
      } else {
        now.name = substitute(value.name, arguments);
      }
      break;
    }
    case Value::Kind::constants:
    case Value::Kind::result:
    case Value::Kind::stack: return value;
  }
  return now.name.empty() && !now.is(Value::Kind::stack) ? Value{} : now;
}

}  // namespace stent::review
