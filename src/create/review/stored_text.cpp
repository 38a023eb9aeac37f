#include "create/review/stored_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using x86_64::Operation;
using x86_64::Step;
using Kind = Value::Kind;

/// "&*PLACE+1|{0}" -> "step{1}|{0}": one of several values is what was there, and more.
std::string with_steps(const std::string& text, const std::string& place) {
  const std::string moved = "&*" + place;
  if (text.find(moved) == std::string::npos) return text;
  Texts all;
  for (const std::string& one : alternatives(text)) {
    const std::string by = one.starts_with(moved) ? one.substr(moved.size()) : "";
    const bool is_step = by.size() > 1 && (by[0] == '+' || by[0] == '-') &&
                         by.find_first_not_of("0123456789", 1) == std::string::npos;
    all.insert(is_step ? fmt::format("step{{{}}}", std::atoll(by.c_str())) : one);
  }
  return fmt::format("{}", fmt::join(all, "|"));
}

}  // namespace

std::string stored_text(const Step& step, const Access& access) {
  const Value& value = access.value;
  const Value there{Kind::loaded, {}, 0, access.place};
  if (value.is(Kind::stack)) return {};
  if (access.adjustment != 0) return fmt::format("step{{{}}}", access.adjustment);
  if (value.is(Kind::address) && value.name == "*" + access.place)
    return fmt::format("step{{{}}}", value.offset);
  switch (step.operation) {
    case Operation::move: return with_steps(value.text(), access.place);
    case Operation::set_condition: return "{0}|{1}";
    case Operation::add: return computed(there, "+", value).text();
    case Operation::subtract: return computed(there, "-", value).text();
    case Operation::and_: return computed(there, "and", value).text();
    case Operation::or_: return computed(there, "or", value).text();
    case Operation::xor_: return computed(there, "xor", value).text();
    default: return {};
  }
}

int direction_of(const Step& step, const Access& access) {
  const bool by_constant = access.value.is(Kind::constants);
  if (access.is_adjustment && !by_constant) return step.operation == Operation::add ? 1 : -1;
  const std::string& text = access.stored;
  if (step.operation != Operation::move || !text.starts_with('(') || access.place.starts_with('?')) return 0;
  if (text.starts_with("(" + access.place + " - ")) return -1;
  const bool adds = text.starts_with("(" + access.place + " + ") ||
                    text.ends_with(" + " + access.place + ")") ||
                    text.find(" + " + access.place + " + ") != std::string::npos;
  return adds ? 1 : 0;
}

}  // namespace stent::review
