#include "live/transaction/take_out.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "live/transaction/engagement.hpp"
#include "live/transaction/placement.hpp"
#include "live/transaction/ready_switch.hpp"
#include "live/transaction/rearrangement.hpp"
#include "live/transaction/record_access.hpp"
#include "live/transaction/without_stop.hpp"
#include "live/unwind/without.hpp"

namespace stent::transaction {
namespace {

/// The call frame tables. The very begin of the section counts, which may be the end of something else.
/// Nobody but an unwinder is told of them, and it looks at them only under its lock and for a program counter
/// in the patch; words that it left in memory (sorted tables that it freed) lead nowhere once it was made to
/// forget them.
std::vector<RemoteRange> unwinders_tables(const Record& record) {
  std::vector<RemoteRange> tables = record.eh_frame_headers;
  for (const call::FrameTable& table : record.runtime.frame_tables) {
    const std::uint64_t left_out = table.is_single ? 0 : 1;
    if (table.eh_frame.size > left_out)
      tables.push_back(
          {table.eh_frame.begin + static_cast<std::int64_t>(left_out), table.eh_frame.size - left_out});
  }
  std::ranges::sort(tables);
  return tables;
}

/// What data must not point into, in a patch that the unwinders do not know any more and that is removable.
/// For functions that left together, suspended stacks were searched for their code in the stop that took them
/// out. All the data there is are the objects that were the unwinders'.
std::vector<RemoteRange> to_be_unreferenced(const Record& record) {
  std::vector<RemoteRange> ranges;
  for (const RecordedPiece& piece : record.pieces)
    if (piece.kind == patch::SegmentKind::constants ||
        (piece.kind == patch::SegmentKind::code && record.consistency == patch::Consistency::entry))
      ranges.push_back(piece.range);
  std::ranges::sort(ranges);
  return unwind::without(ranges, unwinders_tables(record));
}

/// The object that an unwinder was told of, for one, goes on naming the tables that go with it.
std::vector<RemoteRange> memory_of(const Record& record) {
  std::vector<RemoteRange> ranges;
  for (const RecordedPiece& piece : record.pieces) ranges.push_back(piece.range);
  return ranges;
}

/// No stack matters to what `islands()` forbids, nor to who looks for himself afterwards.
Options without_search(Options options) {
  options.foreign_stacks = ForeignStacks::ignore;
  return options;
}

/// `victim`, and whatever else is on its way out.
std::set<RemoteAddress> leaving_with(const FoundRecord& victim, const std::vector<FoundRecord>& all) {
  std::set<RemoteAddress> leaving{victim.at};
  for (const FoundRecord& found : all)
    if (found.record.state == RecordState::reverting) leaving.insert(found.at);
  return leaving;
}

void add_extents(std::vector<unwind::CodePiece>& pieces, const RecordedFunction& function) {
  for (const RemoteRange& extent : function.new_extents) pieces.push_back({extent, function.name, false});
}

void add_island(std::vector<unwind::CodePiece>& pieces, const RecordedFunction& function) {
  if (function.island && !function.departed)
    pieces.push_back({function.island->range(), function.name, false});
}

unwind::ForbiddenCode forbidden(const Record& record) { return unwind::ForbiddenCode(code_of(record)); }

/// What no thread may be inside of while the functions of `victim` go together.
unwind::ForbiddenCode going_together(const FoundRecord& victim, const std::vector<FoundRecord>& all) {
  auto pieces = code_of(victim.record);
  for (unwind::CodePiece& piece : versions_of(victim.record, all)) pieces.push_back(std::move(piece));
  return unwind::ForbiddenCode(std::move(pieces));
}

/// One jump is one instruction, so old and new may be exchanged under anybody's feet, but for who stands
/// between two of them.
unwind::ForbiddenCode islands(const Record& record) { return unwind::ForbiddenCode(islands_of(record)); }

}  // namespace

std::vector<unwind::CodePiece> code_of(const Record& record) {
  std::vector<unwind::CodePiece> pieces;
  for (const RecordedFunction& function : record.functions) {
    add_extents(pieces, function);
    // A coroutine that the new code suspended goes on at the old entry.
    if (!function.departed && unwind::is_coroutine_part(function.name))
      pieces.push_back({{function.entry, 1}, function.name, true, true});
  }
  for (const RecordedPiece& piece : record.pieces)
    if (piece.kind == patch::SegmentKind::code)
      pieces.push_back({piece.range, "patch " + record.name, false});
  for (unwind::CodePiece& piece : islands_of(record)) pieces.push_back(std::move(piece));
  return pieces;
}

std::vector<unwind::CodePiece> islands_of(const Record& record) {
  std::vector<unwind::CodePiece> pieces;
  for (const RecordedFunction& function : record.functions) add_island(pieces, function);
  return pieces;
}

std::vector<unwind::CodePiece> versions_of(const Record& record, const std::vector<FoundRecord>& all) {
  std::set<RemoteAddress> entries;
  for (const RecordedFunction& function : record.functions)
    if (!function.departed) entries.insert(function.entry);
  std::vector<unwind::CodePiece> pieces;
  for (const FoundRecord& found : all)
    for (const RecordedFunction& function : found.record.functions) {
      if (function.departed || !entries.contains(function.entry)) continue;
      add_extents(pieces, function);
      add_island(pieces, function);
    }
  return pieces;
}

std::vector<FoundRecord*> replaced_by(const Record& record, std::vector<FoundRecord>& all) {
  std::vector<FoundRecord*> replaced;
  for (FoundRecord& found : all)
    if (found.record.state == RecordState::applied &&
        std::ranges::find(record.replaces, found.record.id) != record.replaces.end())
      replaced.push_back(&found);
  return replaced;
}

std::variant<Change, Busy> take_out(stop::Session& session, const std::vector<FoundRecord>& all,
                                    const FoundRecord& victim, const Options& options, Deadline deadline) {
  const bool together = victim.record.consistency == patch::Consistency::all;
  Rearrangement change = rearrange(all, leaving_with(victim, all), nullptr, session.target().memory());
  if (options.no_stop) refuse_without_stop(victim.record, session.target(), change.entries);
  const ReadySwitch ready(session, std::move(change.entries), together);
  const bool is_revert = victim.record.state == RecordState::applied;
  if (is_revert) run_hooks(session, all, victim.record, patch::HookKind::pre_revert, options.hook_patience);
  ready.get().touch(session.memory());
  std::optional<Quiescence> quiescence;
  if (!options.no_stop)
    quiescence.emplace(session, all, together ? going_together(victim, all) : islands(victim.record),
                       together ? options : without_search(options));
  set_state(session.memory(), victim.at, RecordState::reverting);
  bool new_code_ran = false;  // as it has all along
  try {
    auto outcome = quiescence
                       ? quiescence->change(ready.get(), deadline)
                       : change_without_stop(session, all, ready.get().writes(), deadline, new_code_ran);
    if (std::holds_alternative<Busy>(outcome)) {
      set_state(session.memory(), victim.at, victim.record.state);
      return outcome;
    }
    auto& notes = std::get<Change>(outcome).notes;
    afterwards([&] {
      if (is_revert)
        run_late_hooks(session, all, victim.record, patch::HookKind::post_revert, options.hook_patience,
                       notes);
      release(session, all, victim, options);
    });
    return outcome;
  } catch (const Error&) {
    afterwards([&] {  // nothing was written: not begun
      if (ready.get().first_changed(session.memory()) == nullptr)
        set_state(session.memory(), victim.at, victim.record.state);
    });
    throw;
  }
}

void afterwards(const std::function<void()>& what) try { what(); } catch (const Error&) {
}

void release(stop::Session& session, const std::vector<FoundRecord>& all, const FoundRecord& victim,
             const Options& options, int tries) {
  const Rearrangement rest = rearrange(all, leaving_with(victim, all), nullptr, session.target().memory());
  for (const redirect::JumpWrite& write : rest.records) session.memory().write(write.entry, write.after);
  if (options.no_stop) return set_state(session.memory(), victim.at, RecordState::retained);
  Quiescence quiescence(session, all, forbidden(victim.record), without_search(options));
  // While the unwinders know its tables, these are in use.
  if (victim.record.removable) disengage(session, all, victim.record);
  if (victim.record.removable &&
      quiescence.unreferenced(to_be_unreferenced(victim.record), memory_of(victim.record), tries))
    unmap_pieces(session, victim.record.pieces);
  else
    set_state(session.memory(), victim.at, RecordState::retained);
}

}  // namespace stent::transaction
