// What values and places of a function are where it is called, with the arguments that it is given there.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "create/review/value.hpp"

namespace stent::review {

using Arguments = std::array<Value, 6>;

/// The text with each "p0" replaced; empty when an argument that it needs is not known. What was abbreviated
/// ("~1f2e...") stays as it is, and so equals nothing that was computed elsewhere.
[[nodiscard]] std::string substitute(const std::string& text, const Arguments& arguments);

/// A value with its parameters replaced; unknown when nothing can be said of it.
[[nodiscard]] Value substitute(const Value& value, const Arguments& arguments);

/// True when the place "*p0+16" is on the caller's stack.
[[nodiscard]] bool is_on_stack(const std::string& place, const Arguments& arguments);

}  // namespace stent::review
