#include <fmt/core.h>

#include <algorithm>
#include <ctime>

#include "base/error.hpp"
#include "live/transaction/placement.hpp"
#include "live/transaction/quiescence.hpp"
#include "live/transaction/record_access.hpp"
#include "live/transaction/removable.hpp"
#include "live/transaction/take_out.hpp"

namespace stent::transaction {
namespace {

using Clock = std::chrono::steady_clock;

/// A patch and where everything of it goes in one target.
struct Prepared {
  std::vector<FoundRecord> earlier;
  resolve::ResolvedPatch resolved;
  std::vector<redirect::JumpWrite> writes;
  Record record;
};

void refuse_applied(const patch::Patch& patch, const std::vector<FoundRecord>& records, Pid pid) {
  for (const FoundRecord& found : records)
    if (found.record.id == patch.id && found.record.state != RecordState::retained)
      throw Error(ErrorCode::already_applied,
                  fmt::format("patch {} is already in process {}", patch.name, pid.value),
                  "nothing to do; `stent list` shows it");
}

Record describe(const patch::Patch& patch, const std::vector<FoundRecord>& earlier) {
  Record record;
  record.id = patch.id;
  record.name = patch.name;
  record.description = patch.description;
  record.applied_at = std::time(nullptr);
  record.order = earlier.empty() ? 1 : earlier.back().record.order + 1;
  return record;
}

/// An upper bound of the record's size, known before addresses are chosen.
std::uint64_t record_room(const patch::Patch& patch, const std::vector<FoundRecord>& earlier) {
  constexpr std::uint64_t range_size = 16, fixed = 512;
  std::uint64_t room = fixed + patch.id.bytes.size() + patch.name.size() + patch.description.size();
  for (const patch::Image& image : patch.images) {
    room += fixed + image.segments.size() * 2 * range_size;
    for (const patch::ReplacedFunction& function : image.replaced)
      room += fixed + 4096 + function.name.size() +
              (function.extents.size() + function.new_extents.size()) * range_size;
  }
  for (const FoundRecord& found : earlier)
    for (const RecordedFunction& function : found.record.functions)
      room += function.new_extents.size() * range_size;
  return room;
}

void complete(Record& record, const Prepared& prepared, const patch::Patch& patch) {
  record.removable = is_removable(patch, prepared.resolved);
  record.pieces = pieces_of(prepared.resolved);
  for (const resolve::ResolvedImage& image : prepared.resolved.images)
    if (image.eh_frame_hdr) record.eh_frame_headers.push_back(*image.eh_frame_hdr);
  for (std::size_t i = 0; i < prepared.resolved.functions.size(); ++i) {
    const resolve::ResolvedFunction& f = prepared.resolved.functions[i];
    record.functions.push_back({f.name, f.module, f.entry, f.replacement, f.present, prepared.writes[i].after,
                                f.old_extents, f.new_extents, 0});
  }
}

/// Everything that can fail without touching the target.
Prepared prepare(const patch::Patch& patch, const process::Process& target) {
  Prepared prepared;
  prepared.earlier = find_records(target.mappings(), target.memory());
  refuse_applied(patch, prepared.earlier, target.pid());
  auto standing = prepared.earlier;
  std::erase_if(standing, [](const FoundRecord& f) { return f.record.state == RecordState::retained; });
  prepared.resolved =
      resolve::resolve(patch, target, earlier_redirects(standing), record_room(patch, standing));
  prepared.writes = redirect::plan(prepared.resolved);
  prepared.record = describe(patch, prepared.earlier);
  complete(prepared.record, prepared, patch);
  return prepared;
}

/// What no thread may be inside of while the functions are switched.
unwind::ForbiddenCode old_code(const Prepared& prepared) {
  std::vector<unwind::CodePiece> pieces;
  for (const resolve::ResolvedFunction& function : prepared.resolved.functions)
    for (const RemoteRange& extent : function.old_extents)
      pieces.push_back({extent, function.name, extent.begin == function.entry,
                        extent.begin == function.entry && unwind::is_coroutine_part(function.name)});
  return unwind::ForbiddenCode(std::move(pieces));
}

/// The records must be those `prepare` saw, now that no other stent can work on the target.
void confirm_unchanged(const std::vector<FoundRecord>& seen, const process::Process& target) {
  const auto now = find_records(target.mappings(), target.memory());
  const bool same = std::ranges::equal(now, seen, [](const FoundRecord& a, const FoundRecord& b) {
    return a.at == b.at && a.record.state == b.record.state;
  });
  if (!same)
    throw Error(ErrorCode::traced, "another stent changed this process at the same time", "try again");
}

/// Reads back what the target holds now.
void verify(const std::vector<redirect::JumpWrite>& writes, const process::RemoteMemory& memory) {
  for (const redirect::JumpWrite& write : writes)
    if (memory.read(write.entry, write.after.size()) != write.after)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} does not hold its redirect after it was written", write.function),
                  "something else writes into this process's code; look with `stent list`");
}

std::variant<Change, Busy> apply_prepared(const process::Process& target, const Prepared& prepared,
                                          const Options& options, Deadline deadline) {
  stop::Session session(target);
  confirm_unchanged(prepared.earlier, target);
  Placement placement(session, prepared.resolved, prepared.record);
  redirect::touch(session.memory(), prepared.writes);
  const RemoteAddress record = prepared.resolved.record.begin;
  Quiescence quiescence(session, prepared.earlier, old_code(prepared), options);
  set_state(session.memory(), record, RecordState::redirecting);
  auto outcome = quiescence.change(prepared.writes, deadline);
  if (std::holds_alternative<Busy>(outcome)) {
    set_state(session.memory(), record, RecordState::preparing);
    return outcome;
  }
  placement.keep();
  set_state(session.memory(), record, RecordState::applied);
  return outcome;
}

Report report_of(const patch::Patch& patch, Pid pid, const Record& record, const Change& change,
                 Clock::time_point began) {
  return {pid,
          patch.name,
          patch.id,
          report_functions(record),
          change.threads,
          change.tries,
          change.stop_window,
          Clock::now() - began,
          change.search};
}

}  // namespace

Report apply(const patch::Patch& patch, Pid pid, const Options& options) {
  const auto began = Clock::now();
  const Deadline deadline = began + options.timeout;
  const auto target = process::Process::open(pid);
  recover(target, options, deadline);
  const Prepared prepared = prepare(patch, target);
  const auto outcome = apply_prepared(target, prepared, options, deadline);
  if (const auto* busy = std::get_if<Busy>(&outcome)) throw busy_error(target, prepared.earlier, *busy);
  verify(prepared.writes, target.memory());
  return report_of(patch, pid, prepared.record, std::get<Change>(outcome), began);
}

Report check(const patch::Patch& patch, Pid pid, const Options& options) {
  const auto began = Clock::now();
  const auto target = process::Process::open(pid);
  const Prepared prepared = prepare(patch, target);
  std::variant<Change, Busy> outcome;
  {
    stop::Session session(target);
    Quiescence quiescence(session, prepared.earlier, old_code(prepared), options);
    outcome = quiescence.change({}, began);
  }
  if (const auto* busy = std::get_if<Busy>(&outcome)) throw busy_error(target, prepared.earlier, *busy);
  return report_of(patch, pid, prepared.record, std::get<Change>(outcome), began);
}

}  // namespace stent::transaction
