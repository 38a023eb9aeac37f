#include "live/transaction/recover.hpp"

#include <algorithm>

#include "live/call/left_call_sites.hpp"
#include "live/transaction/calls_under_way.hpp"
#include "live/transaction/departed.hpp"
#include "live/transaction/engagement.hpp"
#include "live/transaction/ready_switch.hpp"
#include "live/transaction/record_access.hpp"
#include "live/transaction/take_out.hpp"
#include "live/transaction/without_stop.hpp"

namespace stent::transaction {
namespace {

/// Kept by an earlier command because something led into it then, or because it was not to stop the target to
/// look.
bool may_be_free(const FoundRecord& found, const Options& options) {
  return !options.no_stop && found.record.state == RecordState::retained && found.record.removable;
}

class Recovery {
 public:
  Recovery(stop::Session& session, std::vector<FoundRecord>& all, const Options& options, Deadline deadline)
      : session_(&session), all_(&all), options_(&options), deadline_(deadline) {}

  /// As its head decided; no thread may be in the stubs when they go.
  std::optional<Busy> finish(const redirect::Transit& transit) {
    std::vector<unwind::CodePiece> stubs;
    for (const RemoteRange& range : transit.stubs) stubs.push_back({range, "a change that was interrupted"});
    for (const RemoteRange& range : transit.islands())
      stubs.push_back({range, "a change that was interrupted"});
    Quiescence quiescence(*session_, *all_, unwind::ForbiddenCode(std::move(stubs)), *options_);
    const redirect::Switch rest(redirect::left_to_do(transit, memory()));
    rest.touch(session_->memory());
    auto outcome = quiescence.change(rest, deadline_);
    if (auto* busy = std::get_if<Busy>(&outcome)) return std::move(*busy);
    unmap_pieces(*session_, pieces_of(transit));
    return std::nullopt;
  }

  /// Waits until the function that was called there has returned.
  std::optional<Busy> finish(const call::LeftCallSite& site) {
    Options options = *options_;
    options.foreign_stacks = ForeignStacks::ignore;  // only threads run there
    Quiescence quiescence(*session_, *all_,
                          unwind::ForbiddenCode({{site.code, "a function that stent called"}}), options);
    auto outcome = quiescence.change({}, deadline_);
    if (auto* busy = std::get_if<Busy>(&outcome)) return std::move(*busy);
    inject::RemoteCaller caller(*session_);
    call::unmap_call_site(caller, site);
    return std::nullopt;
  }

  std::optional<Busy> finish(FoundRecord& found) {
    if (found.record.state == RecordState::preparing) return discard(found.record);
    if (found.record.state == RecordState::redirecting && is_redirected(found.record)) {
      std::vector<std::string> unheard;
      run_late_hooks(*session_, *all_, found.record, patch::HookKind::post_apply, options_->hook_patience,
                     unheard);
      enter(found, RecordState::applied);
      for (FoundRecord* old : replaced_by(found.record, *all_)) enter(*old, RecordState::reverting);
      return std::nullopt;
    }
    return clear_away(found);
  }

  /// A patch whose module has left: nothing leads into it any more, and its hooks would find nothing.
  std::optional<Busy> bury(FoundRecord& found) {
    enter(found, RecordState::reverting);
    return clear_away(found);
  }

 private:
  std::optional<Busy> clear_away(FoundRecord& found) {
    auto outcome = take_out(*session_, *all_, found, *options_, deadline_);
    if (auto* busy = std::get_if<Busy>(&outcome)) return std::move(*busy);
    found.record.state = RecordState::retained;  // or gone, which is the same to the others
    found.record.removable = false;              // asked just now
    return std::nullopt;
  }
  /// A patch that was never switched on: nobody is in it but perhaps a thread that still runs one of its
  /// hooks.
  std::optional<Busy> discard(const Record& record) {
    if (!record.runtime.hooks.empty()) {
      Quiescence quiescence(*session_, *all_, unwind::ForbiddenCode(code_of(record)), *options_);
      auto outcome = quiescence.change({}, deadline_);
      if (auto* busy = std::get_if<Busy>(&outcome)) return std::move(*busy);
    }
    disengage(*session_, *all_, record);
    unmap_pieces(*session_, record.pieces);
    return std::nullopt;
  }
  [[nodiscard]] const process::RemoteMemory& memory() const { return session_->target().memory(); }
  [[nodiscard]] bool is_redirected(const Record& record) const {
    return std::ranges::all_of(record.functions, [&](const RecordedFunction& function) {
      if (function.departed) return false;
      if (memory().read(function.entry, function.written.size()) != function.written) return false;
      // An upgrade that goes on with the padding of what it replaces leaves the entry as it is.
      return !function.island ||
             memory().read(function.island->at, function.island->written.size()) == function.island->written;
    });
  }
  void enter(FoundRecord& found, RecordState state) {
    set_state(session_->memory(), found.at, state);
    found.record.state = state;
  }

  stop::Session* session_;
  std::vector<FoundRecord>* all_;
  const Options* options_;
  Deadline deadline_;
};

std::optional<Busy> recover_in(stop::Session& session, std::vector<FoundRecord>& all, const Options& options,
                               Deadline deadline) {
  const process::Process& target = session.target();
  if (auto busy = wait_for_calls_under_way(session, options, deadline)) return busy;
  close_descriptors(session, stray_descriptors(target.pid()));
  Recovery recovery(session, all, options, deadline);
  for (const redirect::Transit& transit : redirect::find_transits(target.mappings(), target.memory()))
    if (auto busy = recovery.finish(transit)) return busy;
  for (const call::LeftCallSite& site : call::find_left_call_sites(target, target.mappings()))
    if (auto busy = recovery.finish(site)) return busy;
  // Newest first: an older one may lie below it, or be replaced by it.
  for (auto found = all.rbegin(); found != all.rend(); ++found)
    if (is_left_over(*found))
      if (auto busy = recovery.finish(*found)) return busy;
  for (FoundRecord& found : all)
    if (has_departed(found))
      if (auto busy = recovery.bury(found)) return busy;
  for (const FoundRecord& found : all)
    if (may_be_free(found, options)) release(session, all, found, options, 1);
  afterwards([&] { tell_later_unwinders(session, all); });
  return std::nullopt;
}

/// Half-done work of a stent that was killed.
bool has_remains(const process::Process& target, const std::vector<process::Mapping>& mappings) {
  return std::ranges::any_of(find_records(mappings, target.memory()), is_left_over) ||
         !stray_descriptors(target.pid()).empty() || !call::find_left_call_sites(target, mappings).empty() ||
         !redirect::find_transits(mappings, target.memory()).empty();
}

bool has_work(const process::Process& target, const std::vector<process::Mapping>& mappings,
              const Options& options) {
  const auto needs_work = [&](const FoundRecord& found) {
    return has_departed(found) || may_be_free(found, options) || !untold(target, found.record).empty();
  };
  return has_remains(target, mappings) ||
         std::ranges::any_of(find_marked_records(target, mappings), needs_work);
}

}  // namespace

void recover_afterwards(const process::Process& target, const Options& options, Deadline deadline) {
  if (has_remains(target, target.mappings())) static_cast<void>(recover(target, options, deadline));
}

std::vector<process::Mapping> recover(const process::Process& target, const Options& options,
                                      Deadline deadline) {
  auto mappings = target.mappings();
  if (!has_work(target, mappings, options)) return mappings;
  std::vector<FoundRecord> all;
  std::optional<Busy> busy;
  {
    stop::Session session(target);
    all = find_marked_records(target, target.mappings());
    mend_breakpoints(session, all);  // first of all: whoever meets one dies
    // A stop is taken for what a killed stent left, whatever was asked for: it is nobody's to wait for.
    Options with_stop = options;
    with_stop.no_stop = false;
    busy = recover_in(session, all, with_stop, deadline);
  }
  if (busy) throw busy_error(target, all, *busy);
  return target.mappings();
}

}  // namespace stent::transaction
