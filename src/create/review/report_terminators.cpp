#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

/// Goes on to the zero behind a text that is its first argument, and of some functions the second, too.
bool looks_for_zero(const std::string& plain, std::size_t argument) {
  static const std::set<std::string> by_first = {"strlen",  "strchr",  "strrchr",  "strdup", "puts",
                                                 "fputs",   "atoi",    "atol",     "atoll",  "strtol",
                                                 "strtoul", "strtoll", "strtoull", "strtod", "rawmemchr"};
  static const std::set<std::string> by_both = {"strcpy", "strcat",     "strcmp", "strcasecmp", "strstr",
                                                "stpcpy", "strcasestr", "strspn", "strcspn",    "strpbrk"};
  return by_both.contains(plain) || (argument == 0 && by_first.contains(plain));
}

/// By the function: how often it looks for a zero in memory that is neither its own nor a literal.
std::map<std::string, unsigned> searches(const FunctionFacts& facts) {
  std::map<std::string, unsigned> all;
  const auto is_kept = [](const Value& value) {
    return !value.is(Value::Kind::stack) && !value.is(Value::Kind::parameter) && !value.name.starts_with('"');
  };
  for (const Call& call : facts.calls)
    for (std::size_t i = 0; i < 2; ++i)
      if (looks_for_zero(plain_name(call.name), i) && is_kept(call.arguments[i])) ++all[call.name];
  return all;
}

/// What it asks an allocator for.
Texts sizes(const FunctionFacts& facts) {
  Texts all;
  for (const Call& call : facts.calls)
    if (is_allocator(plain_name(call.name)))
      for (std::size_t i = 0; i < 2; ++i)
        if (const std::string text = call.arguments[i].text(); !text.empty()) all.insert(text);
  return all;
}

/// "(p1 + {33})" -> "(p1", 33.
std::pair<std::string, std::int64_t> with_constant(const std::string& text) {
  const std::size_t brace = text.rfind(" + {");
  const bool is_sum = brace != std::string::npos && text.ends_with("})");
  if (is_sum) return {text.substr(0, brace), std::atoll(text.c_str() + brace + 4)};
  const std::size_t sign = text.starts_with("&*") ? text.find_last_of("+-") : std::string::npos;
  if (sign != std::string::npos) return {text.substr(2, sign - 2), std::atoll(text.c_str() + sign)};
  return {text, 0};
}

bool stores_zero_byte(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.accesses, [](const Access& access) {
    return access.is_written && access.size == 1 && access.value.is_constant(0);
  });
}

/// Where texts tell a size only up to what is added to it.
bool is_inexact(const std::string& text) { return text.ends_with("[]"); }

/// It asks for one byte more than before; or for so much that texts do not tell.
bool makes_room(const FunctionPair& pair) {
  const Texts olds = sizes(*pair.before), news = sizes(*pair.after);
  if (std::ranges::any_of(news, is_inexact) || std::ranges::any_of(olds, is_inexact)) return true;
  return std::ranges::any_of(without(news, olds), [&](const std::string& now) {
    const auto [rest, number] = with_constant(now);
    return std::ranges::any_of(olds, [&](const std::string& old) {
      const auto [old_rest, old_number] = with_constant(old);
      const auto bare = [](const std::string& text) { return text.starts_with('(') ? text.substr(1) : text; };
      return bare(rest) == bare(old_rest) && number == old_number + 1;
    });
  });
}

/// It makes room for one byte more, in which it stores a zero.
bool terminates_newly(const FunctionPair& pair) {
  return stores_zero_byte(*pair.after) && !stores_zero_byte(*pair.before) && makes_room(pair);
}

bool searches_newly(const FunctionPair& pair) {
  const auto olds = searches(*pair.before), news = searches(*pair.after);
  return std::ranges::any_of(news, [&](const auto& entry) {
    const auto old = olds.find(entry.first);
    return old == olds.end() || old->second < entry.second;
  });
}

}  // namespace

void report_terminators(const ReviewedUnit& unit, Findings& findings) {
  for (const FunctionPair& maker : unit.changed) {
    if (!terminates_newly(maker)) continue;
    for (const FunctionPair& user : unit.changed) {
      if (&user == &maker || !searches_newly(user)) continue;
      Finding finding = about(user, Level::review, "new-state");
      finding.message = fmt::format("{}: it looks for the zero that {} stores now behind what it keeps",
                                    user.name(), maker.name());
      finding.why = "what exists was made without room for it, and something else stands there";
      finding.remedy = "go by the length of what exists";
      finding.functions.push_back(maker.name());
      findings.add(user.name(), std::move(finding));
    }
  }
}

}  // namespace stent::review
