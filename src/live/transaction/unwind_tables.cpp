#include "live/transaction/unwind_tables.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "binary/elf/elf_file.hpp"

namespace stent::transaction {
namespace {

/// For a program without .eh_frame_hdr: only its file says where .eh_frame is. Nothing is added where the
/// file is another.
void add_indexed(const process::Process& target, const process::Module& program,
                 std::vector<unwind::UnwindTable>& tables) try {
  const elf::File file(fmt::format("/proc/{}/exe", target.pid().value));
  const elf::Section* frames = file.section(".eh_frame");
  if (frames == nullptr || file.build_id() != program.build_id) return;
  const RemoteAddress at = program.bias.to_remote(frames->address);
  const Bytes bytes = target.memory().read(at, frames->size);
  for (const process::Segment& segment : program.segments) {
    if (!segment.permissions.execute) continue;
    if (auto index = unwind::index_frames(bytes, at, segment.range.begin))
      tables.push_back({segment.range, {}, std::make_shared<const unwind::FrameIndex>(std::move(*index))});
  }
} catch (const Error&) {  // without call frame information, what is on a stack counts
}

}  // namespace

std::vector<unwind::UnwindTable> unwind_tables(const process::Process& target,
                                               const std::vector<process::Module>& modules,
                                               const std::vector<FoundRecord>& records) {
  auto tables = unwind::unwind_tables(modules);
  for (const process::Module& module : modules)
    if (module.is_executable && !module.eh_frame_hdr) add_indexed(target, module, tables);
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
