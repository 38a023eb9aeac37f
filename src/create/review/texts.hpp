// Sets of texts of values, and how one set follows from another.
#pragma once

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "create/review/value.hpp"

namespace stent::review {

using Texts = std::set<std::string>;

/// The elements of `a` that are not in `b`.
template <class Set>
[[nodiscard]] Set without(const Set& a, const Set& b) {
  Set rest;
  std::ranges::set_difference(a, b, std::inserter(rest, rest.end()));
  return rest;
}

/// The alternatives of a value's text; results of the C library that mean the same are one ("malloc()" and
/// "calloc()" both are new objects), and so are all literals.
[[nodiscard]] Texts meanings(const std::string& text);

/// "(p1 + {4}|{5})" -> "(p1 + {})": so far behind an argument as one of several constants says.
[[nodiscard]] std::string without_choices(const std::string& text);

/// The text, or the place, is of an object that the function itself gets from an allocator.
[[nodiscard]] bool is_made_in_call(const std::string& text);

/// Each new text is an old one behind a mask or with a limit: what the old code took as valid stays as it
/// was.
[[nodiscard]] bool only_narrowed(const Texts& lost, const Texts& gained);

}  // namespace stent::review
