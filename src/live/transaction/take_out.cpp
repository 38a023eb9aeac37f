#include "live/transaction/take_out.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/transaction/placement.hpp"
#include "live/transaction/record_access.hpp"

namespace stent::transaction {
namespace {

/// The write that takes `function` out: over its entry, or over the bytes a newer patch saved of it. Empty
/// when it is out already.
std::optional<redirect::JumpWrite> undo(const RecordedFunction& function, const FoundRecord& victim,
                                        const std::vector<FoundRecord>& all,
                                        const process::RemoteMemory& memory) {
  const Bytes present = memory.read(function.entry, function.written.size());
  if (present == function.written)
    return redirect::JumpWrite{function.name, function.entry, function.written, function.before};
  for (const FoundRecord& other : all) {
    if (other.at == victim.at || other.record.state == RecordState::retained) continue;
    for (const RecordedFunction& above : other.record.functions)
      if (above.entry == function.entry && above.before == function.written)
        return redirect::JumpWrite{function.name, other.at + static_cast<std::int64_t>(above.before_offset),
                                   function.written, function.before};
  }
  if (victim.record.state != RecordState::applied) return std::nullopt;
  throw Error(ErrorCode::mismatch,
              fmt::format("{} at {:#x} no longer holds the redirect of patch {}", function.name,
                          function.entry.value, victim.record.name),
              "something else writes into this process's code; nothing was changed by stent");
}

std::vector<RemoteRange> pieces_but_code(const Record& record) {
  std::vector<RemoteRange> ranges;
  for (const RecordedPiece& piece : record.pieces)
    if (piece.kind != patch::SegmentKind::code) ranges.push_back(piece.range);
  return ranges;
}

unwind::ForbiddenCode code_of(const Record& record) {
  std::vector<unwind::CodePiece> pieces;
  for (const RecordedFunction& function : record.functions) {
    for (const RemoteRange& extent : function.new_extents) pieces.push_back({extent, function.name, false});
    // A coroutine that the new code suspended goes on at the old entry.
    if (unwind::is_coroutine_part(function.name))
      pieces.push_back({{function.entry, 1}, function.name, true, true});
  }
  for (const RecordedPiece& piece : record.pieces)
    if (piece.kind == patch::SegmentKind::code)
      pieces.push_back({piece.range, "patch " + record.name, false});
  return unwind::ForbiddenCode(std::move(pieces));
}

bool is_redirected(const RecordedFunction& function, const process::RemoteMemory& memory) {
  return memory.read(function.entry, function.written.size()) == function.written;
}

}  // namespace

std::variant<Change, Busy> take_out(stop::Session& session, const std::vector<FoundRecord>& all,
                                    const FoundRecord& victim, const Options& options, Deadline deadline) {
  const process::RemoteMemory& memory = session.target().memory();
  std::vector<redirect::JumpWrite> writes;
  for (const RecordedFunction& function : victim.record.functions)
    if (auto write = undo(function, victim, all, memory)) writes.push_back(std::move(*write));

  redirect::touch(session.memory(), writes);
  set_state(session.memory(), victim.at, RecordState::reverting);
  Quiescence quiescence(session, all, code_of(victim.record), options);
  try {
    auto outcome = quiescence.change(writes, deadline);
    if (std::holds_alternative<Busy>(outcome)) {
      set_state(session.memory(), victim.at, victim.record.state);
      return outcome;
    }
    if (victim.record.removable && quiescence.unreferenced(pieces_but_code(victim.record)))
      unmap_record(session, victim.record);
    else
      set_state(session.memory(), victim.at, RecordState::retained);
    return outcome;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::mismatch) set_state(session.memory(), victim.at, victim.record.state);
    throw;
  }
}

void recover(const process::Process& target, const Options& options, Deadline deadline) {
  const auto is_left_over = [](const FoundRecord& found) {
    return found.record.state != RecordState::applied && found.record.state != RecordState::retained;
  };
  auto all = find_records(target.mappings(), target.memory());
  const auto stray = stray_descriptors(target.pid());
  if (stray.empty() && std::ranges::none_of(all, is_left_over)) return;
  std::optional<Busy> busy;
  {
    stop::Session session(target);
    close_descriptors(session, stray);
    // Newest first: an older one may lie below it.
    for (auto found = all.rbegin(); found != all.rend() && !busy; ++found) {
      if (!is_left_over(*found)) continue;
      const auto& functions = found->record.functions;
      const auto redirected = [&](const RecordedFunction& f) { return is_redirected(f, target.memory()); };
      if (found->record.state == RecordState::preparing) {
        unmap_record(session, found->record);
      } else if (found->record.state == RecordState::redirecting &&
                 std::ranges::all_of(functions, redirected)) {
        set_state(session.memory(), found->at, RecordState::applied);
      } else {
        auto outcome = take_out(session, all, *found, options, deadline);
        if (auto* kept = std::get_if<Busy>(&outcome)) busy = std::move(*kept);
      }
    }
  }
  if (busy) throw busy_error(target, all, *busy);
}

}  // namespace stent::transaction
