#include <fmt/core.h>

#include <algorithm>
#include <ctime>

#include "base/error.hpp"
#include "live/redirect/plan_transit.hpp"
#include "live/resolve/present_images.hpp"
#include "live/transaction/ask_resolver.hpp"
#include "live/transaction/dead_ends.hpp"
#include "live/transaction/departed.hpp"
#include "live/transaction/engagement.hpp"
#include "live/transaction/file_backing.hpp"
#include "live/transaction/lineage.hpp"
#include "live/transaction/ready_switch.hpp"
#include "live/transaction/rearrangement.hpp"
#include "live/transaction/record_access.hpp"
#include "live/transaction/recover.hpp"
#include "live/transaction/removable.hpp"
#include "live/transaction/take_out.hpp"
#include "live/transaction/when_free.hpp"
#include "live/transaction/without_stop.hpp"

namespace stent::transaction {
namespace {

using Clock = std::chrono::steady_clock;

/// A patch and where everything of it goes in one target.
struct Prepared {
  std::vector<process::Module> modules;
  std::vector<FoundRecord> earlier;
  resolve::ResolvedPatch resolved;
  std::vector<redirect::JumpWrite> writes;
  Record record;

  [[nodiscard]] bool together() const { return record.consistency == patch::Consistency::all; }
};

void refuse_applied(const patch::Patch& patch, const std::vector<FoundRecord>& records, Pid pid) {
  for (const FoundRecord& found : records) {
    if (found.record.id != patch.id || found.record.state == RecordState::retained || has_departed(found))
      continue;
    if (has_partly_departed(found))
      throw Error(ErrorCode::refused,
                  fmt::format("patch {} is in process {}, but a library that it is also for was unloaded "
                              "(dlclose) since, or loaded anew",
                              patch.name, pid.value),
                  "revert it, and apply it again");
    throw Error(ErrorCode::already_applied,
                fmt::format("patch {} is already in process {}", patch.name, pid.value),
                "nothing to do; `stent list` shows it");
  }
}

void confirm_replaced(const Options& options, std::vector<FoundRecord>& records, Pid pid) {
  Record wanted;
  for (const BuildId& id : options.replace) {
    wanted.replaces = {id};
    if (replaced_by(wanted, records).empty())
      throw Error(ErrorCode::not_applied,
                  fmt::format("patch {}, which is to be replaced, is not applied to process {}", id.text(),
                              pid.value),
                  "`stent list` shows the patches that are");
  }
}

Record describe(const patch::Patch& patch, const std::vector<FoundRecord>& earlier, const Options& options) {
  Record record;
  record.consistency = options.consistency.value_or(patch.consistency);
  record.replaces = options.replace;
  record.id = patch.id;
  record.name = patch.name;
  record.description = patch.description;
  record.applied_at = std::time(nullptr);
  record.order = earlier.empty() ? 1 : earlier.back().record.order + 1;
  return record;
}

/// An upper bound of the record's size, known before addresses are chosen.
std::uint64_t record_room(const patch::Patch& patch, const Options& options, std::size_t frame_tables) {
  constexpr std::uint64_t range_size = 16, fixed = 512;
  std::uint64_t room = fixed + patch.id.bytes.size() + patch.name.size() + patch.description.size() +
                       6 * options.origin.size() + fixed * frame_tables;
  for (const patch::Image& image : patch.images) {
    room += fixed + image.segments.size() * 2 * range_size;
    for (const patch::Hook& hook : image.hooks) room += fixed + 6 * hook.name.size();
    for (const patch::ReplacedFunction& function : image.replaced)
      room += fixed + 4096 + function.name.size() +
              (function.extents.size() + function.new_extents.size()) * range_size;
    for (const patch::NewVariable& variable : image.variables) {
      room += fixed + image.module.bytes.size() + variable.identity.size();
      for (const std::string& user : variable.users) room += range_size + user.size();
    }
    for (const patch::Reliance& one : image.relies_on) room += 2 * range_size + one.name.size();
  }
  for (const BuildId& id : options.replace) room += range_size + id.bytes.size();
  return room;
}

void complete(Record& record, const Prepared& prepared, const patch::Patch& patch) {
  record.removable = is_removable(patch, prepared.resolved);
  record.pieces = pieces_of(prepared.resolved);
  for (const resolve::ResolvedImage& image : prepared.resolved.images)
    if (image.eh_frame_hdr) record.eh_frame_headers.push_back(*image.eh_frame_hdr);
  for (std::size_t i = 0; i < prepared.resolved.functions.size(); ++i) {
    const resolve::ResolvedFunction& f = prepared.resolved.functions[i];
    const redirect::JumpWrite& write = prepared.writes[i];
    record.functions.push_back({f.name, f.module, f.entry, f.replacement, f.present, write.after,
                                f.module_extents, f.new_extents, 0});
    record.functions.back().destroys = f.destroys;
    if (write.island)
      record.functions.back().island = {write.island->at, write.island->before, write.island->after};
  }
}

RemoteAddress shadow_table(const std::vector<FoundRecord>& records) {
  for (const FoundRecord& found : records)
    if (found.record.runtime.shadow_table.value != 0) return found.record.runtime.shadow_table;
  return {};
}

std::set<RemoteAddress> leaving(const Prepared& prepared, std::vector<FoundRecord>& records) {
  std::set<RemoteAddress> places;
  for (const FoundRecord* found : replaced_by(prepared.record, records)) places.insert(found->at);
  return places;
}

/// What the target holds must not change while the patch is prepared, which happens without stopping
/// anything.
Error changed_meanwhile() {
  return {ErrorCode::traced, "another stent changed this process at the same time", "try again"};
}

/// The mappings of the target, just read.
std::vector<process::Mapping> confirm_unchanged(const std::vector<FoundRecord>& seen,
                                                const process::Process& target) {
  auto mappings = target.mappings();
  const auto now = find_records(mappings, target.memory());
  const bool same = std::ranges::equal(now, seen, [](const FoundRecord& a, const FoundRecord& b) {
    return a.at == b.at && a.record.state == b.record.state;
  });
  if (!same) throw changed_meanwhile();
  return mappings;
}

void compute(Prepared& prepared, const patch::Patch& patch, const process::Process& target,
             const std::vector<process::Mapping>& mappings, const Options& options,
             const resolve::AskResolver& ask) {
  auto standing = prepared.earlier;
  std::erase_if(standing, [](const FoundRecord& f) { return f.record.state == RecordState::retained; });
  const std::size_t tables = call::frame_tables_wanted(patch, target.module_memory(), prepared.modules);
  prepared.record = describe(patch, prepared.earlier, options);
  const auto going = leaving(prepared, prepared.earlier);
  std::vector<resolve::EarlierVariable> variables;
  if (!options.fresh_data) variables = earlier_variables(prepared.earlier, prepared.modules);
  const auto redirects = earlier_redirects(standing, going);
  prepared.resolved = resolve::resolve(
      patch, target, mappings, {redirects, variables},
      {record_room(patch, options, tables), tables * call::frame_object_size, shadow_table(prepared.earlier)},
      ask);
  prepared.writes = redirect::plan(prepared.resolved);
  complete(prepared.record, prepared, patch);
  record_lineage(prepared.record, patch, prepared.resolved, prepared.modules);
  refuse_ways_back(prepared.record, prepared.earlier, going, target.memory());
  refuse_reliance(prepared.record, prepared.earlier, going);
  prepared.record.runtime = runtime_of(patch, prepared.resolved, target, prepared.modules);
  prepared.record.runtime.origin = options.origin;
  prepared.writes = rearrange(prepared.earlier, going, &prepared.record, target.memory()).entries;
  if (options.no_stop) refuse_without_stop(prepared.record, target, prepared.writes);
}

/// Everything that can fail without changing the target.
Prepared prepare(const patch::Patch& patch, const process::Process& target,
                 const std::vector<process::Mapping>& mappings, const Options& options,
                 const resolve::AskResolver& ask) {
  Prepared prepared;
  prepared.modules = target.modules(mappings);
  prepared.earlier = find_marked_records(target, mappings);
  if (std::ranges::any_of(prepared.earlier, is_left_over)) throw changed_meanwhile();
  refuse_applied(patch, prepared.earlier, target.pid());
  confirm_replaced(options, prepared.earlier, target.pid());
  try {
    compute(prepared, patch, target, mappings, options, ask);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::mismatch) static_cast<void>(confirm_unchanged(prepared.earlier, target));
    throw;
  }
  return prepared;
}

/// What no thread may be inside of while the functions are switched.
unwind::ForbiddenCode old_code(Prepared& prepared, const process::Process& target) {
  std::vector<unwind::CodePiece> pieces;
  for (const resolve::ResolvedFunction& function : prepared.resolved.functions) {
    if (!prepared.together()) {
      pieces.push_back({{function.entry, function.present.size()},
                        function.name,
                        true,
                        unwind::is_coroutine_part(function.name)});
      continue;
    }
    for (const RemoteRange& extent : function.module_extents)
      pieces.push_back({extent, function.name, extent.begin == function.entry,
                        extent.begin == function.entry && unwind::is_coroutine_part(function.name)});
  }
  if (prepared.together())
    for (unwind::CodePiece& piece : versions_of(prepared.record, prepared.earlier))
      pieces.push_back(std::move(piece));
  mark_dead_ends(pieces, target, prepared.modules);
  for (const FoundRecord* found : replaced_by(prepared.record, prepared.earlier))
    for (unwind::CodePiece& piece : prepared.together() ? code_of(found->record) : islands_of(found->record))
      pieces.push_back(std::move(piece));
  return unwind::ForbiddenCode(std::move(pieces));
}

/// Reads back what the target holds now. What cannot be read has been written all the same: a note.
void verify(const std::vector<redirect::JumpWrite>& writes, const process::RemoteMemory& memory,
            std::vector<std::string>& notes) {
  for (const redirect::PieceWrite& piece : redirect::pieces_of(writes)) {
    Bytes now(piece.after->size());
    if (!memory.try_read(piece.at, now))
      notes.push_back(fmt::format("{} could not be read back after it was redirected", piece.of->function));
    else if (now != *piece.after)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} does not hold its redirect after it was written", piece.of->function),
                  "something else writes into this process's code; look with `stent list`");
  }
}

/// After a failure that could not be undone.
bool leads_to_new(const redirect::Switch& change, const process::RemoteMemory& memory) {
  if (change.transit() && redirect::in_use(*change.transit(), memory)) return true;
  return std::ranges::any_of(redirect::pieces_of(change.writes()), [&](const redirect::PieceWrite& piece) {
    return *piece.before != *piece.after && memory.read(piece.at, piece.after->size()) == *piece.after;
  });
}

/// A suspended stack never goes on in the first bytes of a function, but a suspended coroutine may.
Options search_options(const Prepared& prepared, Options options) {
  const auto is_coroutine = [](const resolve::ResolvedFunction& f) {
    return unwind::is_coroutine_part(f.name);
  };
  if (!prepared.together() && std::ranges::none_of(prepared.resolved.functions, is_coroutine))
    options.foreign_stacks = ForeignStacks::ignore;
  return options;
}

/// The patches that the new one replaces; nothing leads to them any more.
void release_replaced(stop::Session& session, const Prepared& prepared, const Options& options,
                      std::vector<std::string>& notes) {
  if (prepared.record.replaces.empty()) return;
  auto now = find_marked_records(session.target(), session.target().mappings());
  const auto& replaces = prepared.record.replaces;
  for (FoundRecord& found : now) {
    const bool is_replaced = std::ranges::find(replaces, found.record.id) != replaces.end();
    if (!is_replaced || found.record.state != RecordState::reverting) continue;
    run_late_hooks(session, now, found.record, patch::HookKind::post_revert, options.hook_patience, notes);
    release(session, now, found, options);
    found.record.state = RecordState::retained;
  }
}

std::variant<Change, Busy> apply_prepared(const process::Process& target, Prepared& prepared,
                                          const Options& options, Deadline deadline) {
  stop::Session session(target);
  Placement placement(session, confirm_unchanged(prepared.earlier, target), prepared.resolved,
                      prepared.record);
  Engagement engagement(session, prepared.earlier, prepared.record, placement, options.hook_patience);
  for (const FoundRecord* found : replaced_by(prepared.record, prepared.earlier))
    run_hooks(session, prepared.earlier, found->record, patch::HookKind::pre_revert, options.hook_patience);
  const ReadySwitch ready(session, prepared.writes, prepared.together());
  ready.get().touch(session.memory());
  const RemoteAddress record = prepared.resolved.record.begin;
  std::optional<Quiescence> quiescence;
  if (!options.no_stop)
    quiescence.emplace(session, prepared.earlier, old_code(prepared, target),
                       search_options(prepared, options), &placement.borrowed_code());
  set_state(session.memory(), record, RecordState::redirecting);
  std::variant<Change, Busy> outcome;
  bool new_code_ran = false;
  try {
    outcome = quiescence
                  ? quiescence->change(ready.get(), deadline)
                  : change_without_stop(session, prepared.earlier, prepared.writes, deadline, new_code_ran);
  } catch (const Error&) {
    if (new_code_ran || leads_to_new(ready.get(), session.memory())) {  // the next command sees to it
      placement.keep();
      engagement.keep();
    }
    throw;
  }
  if (std::holds_alternative<Busy>(outcome) && !new_code_ran) {
    set_state(session.memory(), record, RecordState::preparing);
    return outcome;
  }
  placement.keep();
  engagement.keep();
  if (std::holds_alternative<Busy>(outcome)) {
    set_state(session.memory(), record, RecordState::retained);
    return outcome;
  }
  auto& notes = std::get<Change>(outcome).notes;
  afterwards([&] {
    run_late_hooks(session, prepared.earlier, prepared.record, patch::HookKind::post_apply,
                   options.hook_patience, notes);
    // In this order, so that a stent killed in between leaves no two that are applied.
    for (const FoundRecord* found : replaced_by(prepared.record, prepared.earlier))
      set_state(session.memory(), found->at, RecordState::reverting);
    set_state(session.memory(), record, RecordState::applied);
    release_replaced(session, prepared, options, notes);
  });
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
          change.longest_pause,
          Clock::now() - began,
          change.phases.all(),
          change.search,
          change.notes};
}

Report apply_once(const patch::Patch& patch, Pid pid, const Options& options, Deadline deadline) {
  const auto began = Clock::now();
  const auto target = process::Process::open(pid);
  const auto mappings = recover(target, options, deadline);
  const patch::Patch present = resolve::present_images(patch, target.modules(mappings));
  const auto records = find_records(mappings, target.memory());
  Prepared prepared = prepare(present, target, mappings, options, [&](RemoteAddress resolver) {
    return ask_resolver(target, records, resolver);
  });
  if (options.from_file) back_by_file(prepared.record.pieces, patch, present);
  auto outcome = apply_prepared(target, prepared, options, deadline);
  if (const auto* busy = std::get_if<Busy>(&outcome)) throw busy_error(target, prepared.earlier, *busy);
  afterwards([&] { recover_afterwards(target, options, deadline); });
  auto& notes = std::get<Change>(outcome).notes;
  verify(prepared.writes, target.memory(), notes);
  if (may_load_unwinder(prepared.record.runtime, target, prepared.modules))
    notes.push_back(
        "no unwinder is loaded in this process yet: one that backtrace() or pthread_cancel() loads does not "
        "know the new code until `stent apply` is asked again");
  return report_of(patch, pid, prepared.record, std::get<Change>(outcome), began);
}

void refuse_unfinished(const process::Process& target, const std::vector<process::Mapping>& mappings) {
  if (redirect::find_transits(mappings, target.memory()).empty() &&
      std::ranges::none_of(find_records(mappings, target.memory()), is_left_over))
    return;
  throw Error(ErrorCode::traced,
              fmt::format("process {} is half way through a change by another stent", target.pid().value),
              "try again; if that stent was killed, `stent apply` or `stent revert` finishes or undoes its "
              "work first");
}

Report check_once(const patch::Patch& patch, Pid pid, const Options& options, Deadline deadline) {
  const auto began = Clock::now();
  const auto target = process::Process::open(pid);
  const auto mappings = target.mappings();
  refuse_unfinished(target, mappings);
  Prepared prepared =
      prepare(resolve::present_images(patch, target.modules(mappings)), target, mappings, options,
              [](RemoteAddress resolver) { return resolver; });  // any address will do
  if (prepared.together() && !redirect::is_one_page(prepared.writes))
    static_cast<void>(redirect::plan_transit(prepared.writes, target));
  std::variant<Change, Busy> outcome;
  {
    stop::Session session(target);
    Quiescence quiescence(session, prepared.earlier, old_code(prepared, target),
                          search_options(prepared, options));
    outcome = quiescence.change({}, deadline);
  }
  if (const auto* busy = std::get_if<Busy>(&outcome)) throw busy_error(target, prepared.earlier, *busy);
  return report_of(patch, pid, prepared.record, std::get<Change>(outcome), began);
}

}  // namespace

Report apply(const patch::Patch& patch, Pid pid, const Options& options) {
  const Deadline deadline = Clock::now() + options.timeout;
  return when_free(pid, deadline, [&] { return apply_once(patch, pid, options, deadline); });
}

Report check(const patch::Patch& patch, Pid pid, const Options& options) {
  const Deadline deadline = Clock::now() + options.timeout;
  return when_free(pid, deadline, [&] { return check_once(patch, pid, options, deadline); });
}

}  // namespace stent::transaction
