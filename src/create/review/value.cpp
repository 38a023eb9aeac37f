#include "create/review/value.hpp"

#include <fmt/core.h>

namespace stent::review {
namespace {

constexpr std::size_t most_constants = 24;

std::string plus(const std::string& name, std::int64_t offset) {
  return offset == 0 ? name : fmt::format("{}{:+}", name, offset);
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

Value join(const Value& a, const Value& b) {
  if (a == b) return a;
  if (a.kind != Value::Kind::constants || b.kind != Value::Kind::constants) return {};
  Value joined = a;
  joined.numbers.insert(b.numbers.begin(), b.numbers.end());
  return joined.numbers.size() > most_constants ? Value{} : joined;
}

}  // namespace stent::review
