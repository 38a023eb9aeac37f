#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "create/review/code_rules.hpp"
#include "create/review/texts.hpp"

namespace stent::review {
namespace {

using Offsets = std::set<std::int64_t>;
using Numbers = std::set<std::int64_t>;

bool ends_place(char c) { return c == ' ' || c == ')' || c == '|'; }

/// Members that stand in a text behind `sign`: "({256} - *p0+300)" and " - " -> 300.
Offsets members_behind(const std::string& text, std::string_view sign) {
  Offsets all;
  for (std::size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at + 1)) {
    const std::size_t begin = at + sign.size();
    std::size_t end = begin;
    while (end < text.size() && !ends_place(text[end])) ++end;
    const std::string place = text.substr(begin, end - begin);
    const std::size_t offset = place.find_last_of("+-");
    if (place.starts_with('*') && offset != std::string::npos) all.insert(std::atoll(place.c_str() + offset));
  }
  return all;
}

/// What a value is computed from: of the address of something that a pointer leads to, the pointer.
std::string base_of(const Value& value) {
  return value.is(Value::Kind::address) && value.name.starts_with('*') ? value.name.substr(1) : value.text();
}

/// Members that are added to something.
Offsets added(const std::string& text) {
  Offsets all = members_behind(text, " + ");
  if (text.starts_with("(*") && text.find(" + ") != std::string::npos) all.merge(members_behind(text, "("));
  return all;
}

/// Counts of the bytes that wait in a buffer of an object: others are asked to put more behind them, as many
/// as there is room for; or single bytes are.
Offsets waiting(const FunctionFacts& facts) {
  Offsets all;
  for (const Call& call : facts.calls) {
    Offsets ends, left;
    for (const Value& argument : call.arguments) {
      ends.merge(added(argument.text()));
      left.merge(members_behind(argument.text(), " - "));
    }
    std::ranges::set_intersection(ends, left, std::inserter(all, all.end()));
  }
  for (const Access& access : facts.accesses)
    if (access.is_written && access.size == 1 && access.is_indexed)
      all.merge(members_behind(" " + access.index, " "));
  return all;
}

/// The constant of a value, or the one in a sum.
Numbers numbers_of(const Value& value) {
  if (value.is(Value::Kind::constants)) return value.numbers;
  const std::string text = value.text();
  const std::size_t last = text.rfind(" + {");
  if (last == std::string::npos || !text.ends_with("})")) return {};
  return {std::atoll(text.c_str() + last + 4)};
}

/// It is, or may be computed from, one of the counts.
bool tells_count(const Value& value, const Offsets& counts) {
  const std::string text = base_of(value);
  if (value.is(Value::Kind::unknown) && text.empty()) return true;
  const Offsets members = members_behind(" " + text, " ");
  Offsets in_sum = added(text);
  in_sum.insert(members.begin(), members.end());
  return std::ranges::any_of(in_sum, [&](std::int64_t offset) { return counts.contains(offset); });
}

/// How many bytes it asks for.
Numbers asked_for(const FunctionFacts& facts, const Offsets& counts) {
  Numbers all;
  for (const Comparison& comparison : facts.comparisons)
    for (const auto& [of, with] :
         {std::pair{&comparison.left, &comparison.right}, std::pair{&comparison.right, &comparison.left}})
      if (tells_count(*of, counts)) all.merge(numbers_of(*with));
  constexpr std::int64_t longest_header = 4096;
  std::erase_if(all, [](std::int64_t number) { return number <= 0 || number > longest_header; });
  return all;
}

bool reads_one(const FunctionFacts& facts, const Offsets& counts) {
  return std::ranges::any_of(facts.accesses, [&](const Access& access) {
    return access.is_read && !access.is_static && counts.contains(access.offset);
  });
}

}  // namespace

void report_records(const ReviewedUnit& unit, Findings& findings) {
  Offsets counts;
  for (const auto& [name, facts] : unit.before.facts) counts.merge(waiting(facts));
  for (const FunctionPair& pair : unit.changed) {
    if (counts.empty() || !reads_one(*pair.before, counts) || !reads_one(*pair.after, counts)) continue;
    const Numbers was = asked_for(*pair.before, counts), is = asked_for(*pair.after, counts);
    const Numbers lost = without(was, is), gained = without(is, was);
    if (lost.empty() || gained.empty()) continue;
    Finding finding = about(pair, Level::review, "stored-value");
    finding.message = fmt::format("{}: it asks for {} bytes in a buffer, where it asked for {}", pair.name(),
                                  *gained.begin(), *lost.begin());
    finding.why = "a part of what others send may wait in the buffer, and they go on in the old form";
    finding.remedy = "take both forms, or apply the patch when nothing waits and tell the other side";
    findings.add(pair.name(), std::move(finding));
  }
}

}  // namespace stent::review
