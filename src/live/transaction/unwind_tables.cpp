#include "live/transaction/unwind_tables.hpp"

#include <algorithm>

namespace stent::transaction {

std::vector<unwind::UnwindTable> unwind_tables(const process::Process& target,
                                               const std::vector<FoundRecord>& records) {
  auto tables = unwind::unwind_tables(target.modules());
  for (const FoundRecord& found : records)
    for (const RecordedPiece& piece : found.record.pieces) {
      if (piece.kind != patch::SegmentKind::code) continue;
      const auto distance = [&](const RemoteRange& header) {
        const std::int64_t d = header.begin - piece.range.begin;
        return d < 0 ? -d : d;
      };
      const auto nearest = std::ranges::min_element(found.record.eh_frame_headers, {}, distance);
      if (nearest != found.record.eh_frame_headers.end()) tables.push_back({piece.range, *nearest});
    }
  return tables;
}

}  // namespace stent::transaction
