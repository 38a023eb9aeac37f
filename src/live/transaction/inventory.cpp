#include "live/transaction/inventory.hpp"

#include <algorithm>

namespace stent::transaction {
namespace {

bool is_named(const process::Mapping& mapping) { return mapping.name.starts_with(memory_name); }

/// Records are read-only and private, in named memory or, where memfds are refused, anonymous.
bool may_hold_record(const process::Mapping& mapping) {
  return (is_named(mapping) || mapping.name.empty()) && mapping.permissions.read &&
         !mapping.permissions.write && !mapping.permissions.execute && !mapping.permissions.shared;
}

}  // namespace

RemoteRange FoundRecord::memory() const {
  RemoteAddress begin = at, end = at;
  for (const RecordedPiece& piece : record.pieces) {
    begin = std::min(begin, piece.range.begin);
    end = std::max(end, piece.range.end());
  }
  return {begin, static_cast<std::uint64_t>(end - begin)};
}

bool is_left_over(const FoundRecord& found) {
  return found.record.state != RecordState::applied && found.record.state != RecordState::retained;
}

std::vector<FoundRecord> find_records(const std::vector<process::Mapping>& mappings,
                                      const process::RemoteMemory& memory) {
  std::vector<FoundRecord> found;
  for (const process::Mapping& mapping : mappings) {
    if (!may_hold_record(mapping)) continue;
    Bytes head(record_head_size);
    if (!memory.try_read(mapping.range.begin, head)) continue;
    const std::uint64_t size = record_size(head);
    if (size == 0) continue;
    Bytes bytes(size);
    if (!memory.try_read(mapping.range.begin, bytes)) continue;
    found.push_back({mapping.range.begin, parse_record(bytes)});
  }
  std::ranges::sort(found, {}, [](const FoundRecord& f) { return f.record.order; });
  return found;
}

std::vector<resolve::EarlierRedirect> earlier_redirects(const std::vector<FoundRecord>& records,
                                                        const std::set<RemoteAddress>& leaving) {
  std::vector<resolve::EarlierRedirect> redirects;
  for (const FoundRecord& found : records)
    for (const RecordedFunction& function : found.record.functions) {
      if (function.departed) continue;
      auto& redirect =
          redirects.emplace_back(function.entry, function.before, function.written, function.module_extents);
      if (!function.island) continue;
      redirect.claimed.push_back(function.island->range());
      redirect.island = function.island->range();
      redirect.island_before = function.island->before;
      redirect.leaves = leaving.contains(found.at);
    }
  return redirects;
}

std::vector<ReplacedReport> report_functions(const Record& record) {
  std::vector<ReplacedReport> reports;
  for (const RecordedFunction& function : record.functions)
    reports.push_back({function.name, function.module, function.entry, function.replacement});
  return reports;
}

}  // namespace stent::transaction
