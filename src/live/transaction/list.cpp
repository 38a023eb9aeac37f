#include "live/transaction/departed.hpp"
#include "live/transaction/engagement.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {

namespace {

/// The pieces that follow the record and the room stent works in.
std::vector<RemoteAddress> segments_of(const Record& record) {
  std::vector<RemoteAddress> segments;
  for (std::size_t i = 1; i < record.pieces.size(); ++i)
    if (i != 1 || record.pieces[i].kind != patch::SegmentKind::data)
      segments.push_back(record.pieces[i].range.begin);
  return segments;
}

std::string state_of(const FoundRecord& found) {
  if (has_departed(found)) return "unloaded";
  if (has_partly_departed(found)) return "partly unloaded";
  return to_string(found.record.state);
}

}  // namespace

std::vector<Applied> list(Pid pid) {
  const auto target = process::Process::open(pid);
  std::vector<Applied> result;
  for (const FoundRecord& found : find_marked_records(target, target.mappings()))
    result.push_back({found.record.name, found.record.id, found.record.description, found.record.applied_at,
                      report_functions(found.record), found.memory(), segments_of(found.record),
                      found.record.runtime.origin, state_of(found), !untold(target, found.record).empty()});
  return result;
}

}  // namespace stent::transaction
