#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Clocks = std::set<std::string>;

Clocks clocks(const FunctionFacts& facts) {
  Clocks all;
  for (const Call& call : facts.calls)
    if (plain_name(call.name) == "clock_gettime") all.insert(call.arguments[0].text());
  return all;
}

/// Functions of the program, or of C++, that tell the time.
Clocks own_clocks(const FunctionFacts& facts) {
  Clocks all;
  for (const Call& call : facts.calls)
    if (tells_time(plain_name(call.name))) all.insert(call.name);
  return all;
}

bool waits_until(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.calls, [](const Call& call) {
    const std::string plain = plain_name(call.name);
    return std::ranges::any_of(
        std::initializer_list<const char*>{"timedwait", "timedlock", "timedrdlock", "timedwrlock"},
        [&](const char* part) { return plain.find(part) != std::string::npos; });
  });
}

/// The clocks that it goes by no longer, and those that it goes by newly.
std::pair<Clocks, Clocks> change(const FunctionPair& pair) {
  const Clocks olds = clocks(*pair.before), news = clocks(*pair.after);
  if (!olds.empty() && !news.empty() && olds != news) return {olds, news};
  const Clocks own = own_clocks(*pair.before), own_now = own_clocks(*pair.after);
  return {without(own, own_now), without(own_now, own)};
}

bool goes_by_another(const FunctionPair& pair) {
  const auto [lost, gained] = change(pair);
  return !lost.empty() && !gained.empty();
}

/// What it makes of the time stays: it is stored, or handed to the caller.
bool keeps_time(const FunctionPair& pair) {
  return std::ranges::any_of(pair.after->accesses, [](const Access& access) { return access.is_written; }) ||
         std::ranges::any_of(pair.after->returns,
                             [](const Value& value) { return value.text().starts_with('('); });
}

}  // namespace

void report_clocks(const ReviewedUnit& unit, Findings& findings) {
  const auto moved = std::ranges::count_if(unit.changed, goes_by_another);
  for (const FunctionPair& pair : unit.changed) {
    if (!goes_by_another(pair)) continue;
    const bool waits = waits_until(*pair.after);
    if (!waits && moved < 2 && !keeps_time(pair)) continue;
    const auto [lost, gained] = change(pair);
    Finding finding = about(pair, Level::review, waits ? "synchronisation" : "stored-value");
    finding.message = fmt::format("{}: it goes by clock [{}] before, by clock [{}] now", pair.name(),
                                  fmt::join(lost, ", "), fmt::join(gained, ", "));
    finding.why = "moments that exist, and what waits for them, were made for the first";
    finding.remedy = "keep the clock for what exists";
    findings.add(pair.name(), std::move(finding));
  }
}

}  // namespace stent::review
