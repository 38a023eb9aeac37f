#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"

namespace stent::review {
namespace {

/// Memory of others that holds, or may hold, floating-point values is written: by a store, or by a call.
bool keeps(const FunctionFacts& facts) {
  return !facts.calls.empty() ||
         std::ranges::any_of(facts.accesses, [](const Access& access) { return access.is_written; });
}

bool reads(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.accesses, [](const Access& access) {
    return access.is_read && !access.is_written && (access.size == 4 || access.size == 8);
  });
}

int more_scales(const FunctionPair& pair) {
  return static_cast<int>(pair.after->float_scales) - static_cast<int>(pair.before->float_scales);
}

}  // namespace

/// One multiplies or divides floating-point values newly, and another one does so no longer: what is kept
/// between them has another unit.
void report_floats(const ReviewedUnit& unit, Findings& findings) {
  for (const FunctionPair& writer : unit.changed)
    for (const FunctionPair& reader : unit.changed) {
      if (&writer == &reader || more_scales(writer) * more_scales(reader) >= 0) continue;
      if (!keeps(*writer.before) || !keeps(*writer.after) || !reads(*reader.after)) continue;
      Finding finding = about(writer, Level::review, "stored-value");
      finding.message = fmt::format("{}: it multiplies floating-point values {}, and {} does so {}",
                                    writer.name(), more_scales(writer) > 0 ? "more" : "less", reader.name(),
                                    more_scales(reader) > 0 ? "more" : "less");
      finding.why = "values that exist were kept in the old unit";
      finding.remedy = "treat what exists as the old code did";
      finding.functions.push_back(reader.name());
      findings.add(writer.name(), std::move(finding));
    }
}

}  // namespace stent::review
