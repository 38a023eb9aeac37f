#include "live/transaction/quiescence.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/transaction/code_names.hpp"
#include "live/transaction/data_references.hpp"
#include "live/unwind/used_stack.hpp"

namespace stent::transaction {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds shortest_wait{1};
constexpr milliseconds longest_wait{100};
constexpr int unreferenced_tries = 6;
constexpr std::size_t frames_shown = 40;

/// Tables of the modules and of the patches in the target.
std::vector<unwind::UnwindTable> all_tables(const process::Process& target,
                                            const std::vector<FoundRecord>& records) {
  const auto modules = target.modules();
  auto tables = unwind::unwind_tables(modules);
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

}  // namespace

Quiescence::Quiescence(stop::Session& session, std::vector<FoundRecord> records,
                       unwind::ForbiddenCode forbidden, const Options& options)
    : session_(&session),
      records_(std::move(records)),
      forbidden_(std::move(forbidden)),
      options_(options),
      unwinder_(session.target().memory(), all_tables(session.target(), records_)) {}

std::variant<Change, Busy> Quiescence::change(std::span<const redirect::JumpWrite> writes,
                                              Deadline deadline) {
  Change result;
  for (milliseconds wait = shortest_wait;; wait = std::min(wait * 2, longest_wait)) {
    ++result.tries;
    auto intruder = try_once(writes, result);
    if (!intruder) return result;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return Busy{std::move(*intruder), result.tries};
    session_->serve(std::min<std::chrono::nanoseconds>(wait, left));
  }
}

std::optional<unwind::Intruder> Quiescence::try_once(std::span<const redirect::JumpWrite> writes,
                                                     Change& change) {
  const process::RemoteMemory& memory = session_->target().memory();
  unwind::StackCheck check(memory, unwinder_, forbidden_, session_->target().mappings());
  stop::ThreadGroupStop stop(*session_, max_pause());
  const auto unstoppable = [](const stop::Unstoppable& u) {
    return unwind::Intruder{u.tid, u.comm, "", "could not be stopped in time: " + u.reason, {}};
  };
  if (const auto u = stop.stop_blocked()) return unstoppable(*u);
  if (auto intruder = look(stop.blocked(), check)) return intruder;
  if (const auto u = stop.stop_running()) return unstoppable(*u);
  if (auto intruder = look(stop.running(), check)) return intruder;
  if (stop.overdue())
    return unwind::Intruder{session_->target().threads().front().tid,
                            session_->target().name(),
                            "",
                            "is one of too many to be checked within the longest pause allowed",
                            {}};
  if (const redirect::JumpWrite* changed = redirect::first_changed(memory, writes))
    throw Error(ErrorCode::mismatch,
                fmt::format("{} at {:#x} changed in memory while stent waited", changed->function,
                            changed->entry.value),
                "something else writes into this process's code; nothing was changed by stent");
  redirect::write_all(stop.memory(), writes);
  change.threads = stop.blocked().size() + stop.running().size();
  change.stop_window = stop.resume();
  return std::nullopt;
}

std::optional<unwind::Intruder> Quiescence::look(std::span<const stop::StoppedThread> threads,
                                                 unwind::StackCheck& check) {
  for (const stop::StoppedThread& thread : threads)
    if (auto intruder = check.check(state_of(thread))) return intruder;
  return std::nullopt;
}

bool Quiescence::unreferenced(std::span<const RemoteRange> ranges) {
  milliseconds wait = shortest_wait;
  for (int i = 0; i < unreferenced_tries; ++i, wait *= 2) {
    if (const auto unused = try_unreferenced(ranges))
      return !data_refers_to(session_->target(), ranges, *unused,
                             [this] { session_->serve(std::chrono::nanoseconds(0)); });
    session_->serve(wait);
  }
  return false;
}

std::optional<std::vector<RemoteRange>> Quiescence::try_unreferenced(std::span<const RemoteRange> ranges) {
  const auto mappings = session_->target().mappings();
  unwind::StackCheck check(session_->target().memory(), unwinder_, forbidden_, mappings);
  stop::ThreadGroupStop stop(*session_, max_pause());
  if (stop.stop_blocked() || stop.stop_running()) return std::nullopt;
  const auto refers = [&](const stop::StoppedThread& thread) {
    const unwind::ThreadState state = state_of(thread);
    return check.check(state).has_value() || check.holds_value(state, ranges);
  };
  if (std::ranges::any_of(stop.blocked(), refers) || std::ranges::any_of(stop.running(), refers))
    return std::nullopt;
  std::vector<RemoteRange> unused;
  for (const auto threads : {stop.blocked(), stop.running()})
    for (const stop::StoppedThread& thread : threads)
      if (const auto part = unwind::unused_stack(state_of(thread), mappings)) unused.push_back(*part);
  return unused;
}

std::chrono::nanoseconds Quiescence::max_pause() const {
  if (options_.max_pause) return *options_.max_pause;
  return stop::default_max_pause(session_->thread_count());
}

unwind::ThreadState Quiescence::state_of(const stop::StoppedThread& thread) const {
  return {thread.tid, thread.comm, thread.tid.value == session_->target().pid().value, thread.registers.raw};
}

Error busy_error(const process::Process& target, const std::vector<FoundRecord>& records, const Busy& busy) {
  const unwind::Intruder& intruder = busy.intruder;
  std::string message = fmt::format("thread {} ({}) {}; {} {}", intruder.tid.value, intruder.comm,
                                    intruder.reason, busy.tries, busy.tries == 1 ? "try" : "tries");
  const CodeNames names(target, records);
  for (std::size_t i = 0; i < intruder.chain.frames.size() && i < frames_shown; ++i)
    message += fmt::format("\n  #{:<2} {}", i, names.describe(intruder.chain.frames[i].pc, i != 0));
  return {ErrorCode::busy, message,
          "try again when the function is not in use, or wait longer with --timeout"};
}

}  // namespace stent::transaction
