#include "live/transaction/quiescence.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "live/process/thread_switches.hpp"
#include "live/resolve/loaded_words.hpp"
#include "live/transaction/code_names.hpp"
#include "live/transaction/data_references.hpp"
#include "live/transaction/dead_ends.hpp"
#include "live/transaction/unwind_tables.hpp"
#include "live/unwind/exception_object.hpp"
#include "live/unwind/used_stack.hpp"

namespace stent::transaction {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
constexpr milliseconds shortest_wait{1};
constexpr milliseconds longest_wait{100};
/// What reading and scanning memory achieves at least; decides what is hopeless.
constexpr std::uint64_t searched_a_millisecond = 4'000'000;
constexpr milliseconds most_for_search{80};
/// A target with less memory of its own is searched once before the stop, which warms every cache.
constexpr std::uint64_t rehearsed = 16'000'000;
constexpr int most_searches = 3;
constexpr std::size_t frames_shown = 40;

}  // namespace

Quiescence::Present Quiescence::look_at(const process::Process& target) {
  auto mappings = target.mappings();
  auto modules = target.modules(mappings);
  return {std::move(mappings), std::move(modules)};
}

Quiescence::Quiescence(stop::Session& session, std::vector<FoundRecord> records,
                       unwind::ForbiddenCode forbidden, const Options& options,
                       const inject::BorrowedCode* code)
    : Quiescence(session, look_at(session.target()), std::move(records), std::move(forbidden), options,
                 code) {}

Quiescence::Quiescence(stop::Session& session, Present present, std::vector<FoundRecord> records,
                       unwind::ForbiddenCode forbidden, const Options& options,
                       const inject::BorrowedCode* code)
    : session_(&session),
      records_(std::move(records)),
      forbidden_(std::move(forbidden)),
      options_(options),
      unwinder_(session.target().memory(), unwind_tables(session.target(), present.modules, records_)),
      check_(session.target().memory(), unwinder_, forbidden_),
      begun_(session.target(),
             code != nullptr ? *code : inject::find_borrowed_code(session.target(), present.mappings)),
      own_memory_(process::own_memory(session.target().pid())),
      mappings_(std::move(present.mappings)) {
  if (options_.foreign_stacks != ForeignStacks::ignore)
    foreign_.emplace(
        session.target(), forbidden_, linker_tables(session.target(), present.modules),
        [loaded = resolve::LoadedWords(session.target())](RemoteAddress slot, RemoteAddress value) mutable {
          return loaded.holds(slot, value.value);
        });
}

std::variant<Change, Busy> Quiescence::change(const redirect::Switch& what, Deadline deadline) {
  Change result;
  refuse_hopeless();
  std::optional<RemoteAddress> slot;  // of the last intruder, seen first at `seen`
  auto seen = Clock::now();
  for (milliseconds wait = shortest_wait;; wait = std::min(wait * 2, longest_wait)) {
    ++result.tries;
    auto intruder = try_once(what, result);
    if (!intruder) return result;
    refuse_found(*intruder);
    if (!slot || slot != intruder->slot) seen = Clock::now();
    slot = intruder->slot;
    if (Clock::now() >= deadline) return Busy{std::move(*intruder), result.tries, {}};
    const auto inside = [&] { return is_still_inside(intruder->tid); };
    const auto waited = wait_for_intruder(*session_, *intruder, wait, deadline, inside);
    if (waited == Waited::may_have_left) continue;
    Busy busy{std::move(*intruder), result.tries, {}};
    if (waited == Waited::never_moved) busy.unchanged_for = Clock::now() - seen;
    return busy;
  }
}

void Quiescence::refuse_hopeless() const {
  if (!foreign_ ||
      own_memory_ / searched_a_millisecond <= static_cast<std::uint64_t>(max_pause() / milliseconds(1)))
    return;
  throw Error(
      ErrorCode::refused,
      fmt::format("process {} holds {} MB of memory, more than can be searched for suspended stacks within a "
                  "pause of {} ms",
                  session_->target().pid().value, own_memory_ / 1'000'000, max_pause() / milliseconds(1)),
      "allow a longer pause with --max-pause, or give --foreign-stacks=ignore if no fiber, swapcontext or "
      "coroutine of the program can be inside the functions to be replaced");
}

void Quiescence::refuse_found(const unwind::Intruder& intruder) const {
  if (options_.foreign_stacks != ForeignStacks::refuse || !intruder.slot) return;
  throw Error(
      ErrorCode::refused, intruder.reason,
      "--foreign-stacks=scan waits until it has left; --foreign-stacks=ignore does not look for such stacks");
}

bool Quiescence::is_still_inside(Tid tid) {
  check_.begin(session_->target().mappings());
  std::optional<unwind::Intruder> intruder;
  const bool seen = session_->inspect(tid, [&](const stop::StoppedThread& thread) {
    std::vector<unwind::ThreadState> states;
    intruder = check_.look(add_states(std::span(&thread, 1), states));
  });
  return seen && (intruder || check_.has_undecided());
}

std::optional<unwind::Intruder> Quiescence::try_once(const redirect::Switch& what, Change& change) {
  constexpr int most_attempts = 4;
  const auto serve = [this] { session_->serve(std::chrono::nanoseconds(0)); };
  for (int i = 0; i < most_attempts; ++i) {
    auto mappings = mappings_ ? *std::exchange(mappings_, std::nullopt) : session_->target().mappings();
    if (foreign_) foreign_->begin(mappings);
    check_.begin(std::move(mappings));
    rehearse(what);
    Attempt attempt = stop_and_change(what, change);
    if (attempt.intruder) check_.complete(*attempt.intruder, serve);
    if (attempt.intruder || !attempt.is_undecided) return attempt.intruder;
    if (auto intruder = check_.decide(serve)) return intruder;
  }
  return crowd("has stacks that change faster than they can be understood");
}

/// Does everything that the stop will do but stop and write.
void Quiescence::rehearse(const redirect::Switch& what) {
  check_.rehearse();
  if (foreign_ && own_memory_ < rehearsed) foreign_->rehearse();
  static_cast<void>(what.first_changed(session_->target().memory()));
}

unwind::Intruder Quiescence::crowd(const std::string& reason) const {
  unwind::Intruder intruder;
  intruder.tid = {session_->target().pid().value};
  intruder.comm = session_->target().name();
  intruder.reason = reason;
  return intruder;
}

Quiescence::Attempt Quiescence::stop_and_change(const redirect::Switch& what, Change& change) {
  const process::RemoteMemory& memory = session_->target().memory();
  const auto longest = max_pause();  // asked now: it lists threads
  stop::ThreadGroupStop stop(*session_, longest);
  std::vector<unwind::ThreadState> states(stop.expected());  // its pages are there when the stop needs them
  states.clear();
  const auto first_stop = stop.stop_blocked();
  change.phases.begin(stop.began());
  change.phases.passed("stop blocked");
  if (first_stop) return {intruder_of(*first_stop), false};
  if (auto intruder = begun_.find(stop.blocked())) return {std::move(intruder), false};
  if (auto intruder = check_.look(add_states(stop.blocked(), states))) return {std::move(intruder), false};
  if (check_.has_undecided()) return {std::nullopt, true};
  const std::size_t seen = check_.seen().size();
  if (foreign_) foreign_->leave_out(check_.seen());
  change.phases.passed("check blocked");
  if (const auto u = stop.stop_running()) return {intruder_of(*u), false};
  change.phases.passed("stop running");
  if (auto intruder = begun_.find(stop.running())) return {std::move(intruder), false};
  if (auto intruder = check_.look(add_states(stop.running(), states))) return {std::move(intruder), false};
  if (check_.has_undecided()) return {std::nullopt, true};
  if (foreign_) foreign_->leave_out(check_.seen().subspan(seen));
  change.phases.passed("check running");
  if (auto intruder = search_foreign_stacks(stop.began() + longest, change))
    return {std::move(intruder), false};
  change.phases.passed("search");
  if (stop.overdue()) return {crowd("has too many threads to be checked within the longest pause"), false};
  if (const redirect::JumpWrite* changed = what.first_changed(memory))
    throw Error(ErrorCode::mismatch,
                fmt::format("{} at {:#x} changed in memory while stent waited", changed->function,
                            changed->entry.value),
                "something else writes into this process's code; nothing was changed by stent");
  what.make(stop.memory());
  change.phases.passed("write");
  change.threads = stop.blocked().size() + stop.running().size();
  change.stop_window = stop.resume();
  return {};
}

std::optional<unwind::Intruder> Quiescence::search_foreign_stacks(Clock::time_point deadline,
                                                                  Change& change) {
  if (!foreign_) return std::nullopt;
  auto intruder = foreign_->look(check_.guard(), deadline);
  change.search = {foreign_->bytes(), foreign_->time()};
  if (intruder && !intruder->slot) return crowd(intruder->reason);
  return intruder;
}

bool Quiescence::unreferenced(std::span<const RemoteRange> ranges, std::span<const RemoteRange> leaving,
                              int tries) {
  milliseconds wait = shortest_wait;
  int searches = 0;
  for (int i = 0; i < tries && searches < most_searches; ++i, wait = std::min(wait * 2, longest_wait)) {
    switch (unreferenced_now(ranges, leaving)) {
      case Search::clean: return true;
      case Search::referenced: return false;
      case Search::too_long: ++searches; break;
      case Search::threads_inside: break;
    }
    static_cast<void>(check_.decide([this] { session_->serve(std::chrono::nanoseconds(0)); }));
    session_->serve(wait);
  }
  return false;
}

Quiescence::Search Quiescence::unreferenced_now(std::span<const RemoteRange> ranges,
                                                std::span<const RemoteRange> leaving) {
  check_.begin(session_->target().mappings());
  stop::ThreadGroupStop stop(*session_, max_pause());
  if (stop.stop_blocked() || stop.stop_running()) return Search::threads_inside;
  std::vector<unwind::ThreadState> threads;
  add_states(stop.blocked(), threads);
  add_states(stop.running(), threads);
  if (check_.look(threads) || check_.has_undecided()) return Search::threads_inside;
  const auto mappings = session_->target().mappings();  // now that nobody can make another
  std::vector<RemoteRange> left_out(leaving.begin(), leaving.end());
  for (const unwind::ThreadState& thread : threads) {
    if (check_.holds_value(thread, ranges)) return Search::threads_inside;
    std::array<std::byte, unwind::control_block_size> block{};
    const bool is_read = session_->target().memory().try_read({thread.registers.fs_base}, block);
    const ByteView control_block = is_read ? ByteView(block) : ByteView();
    if (const auto part = unwind::unused_stack(thread, mappings, control_block)) left_out.push_back(*part);
  }
  const auto is_excused = [&](const unwind::Hit& hit) {
    return unwind::is_note_of_catcher(session_->target().memory(), mappings, hit.slot);
  };
  if (!data_refers_to(session_->target(), ranges, left_out, is_excused, [&] { return stop.overdue(); }))
    return Search::clean;
  return stop.overdue() ? Search::too_long : Search::referenced;
}

std::chrono::nanoseconds Quiescence::max_pause() const {
  if (options_.max_pause) return *options_.max_pause;
  const auto pause = stop::default_max_pause(session_->thread_count());
  if (!foreign_) return pause;
  const milliseconds search(static_cast<std::int64_t>(own_memory_ / searched_a_millisecond));
  return pause + std::min(search, most_for_search);
}

std::span<const unwind::ThreadState> Quiescence::add_states(std::span<const stop::StoppedThread> threads,
                                                            std::vector<unwind::ThreadState>& states) const {
  const std::size_t first = states.size();
  states.reserve(first + threads.size());
  for (const stop::StoppedThread& thread : threads)
    states.push_back({thread.tid, thread.comm, thread.tid.value == session_->target().pid().value,
                      thread.was_blocked, thread.registers.raw});
  return std::span(states).subspan(first);
}

namespace {

std::string describe(const Busy& busy) {
  const unwind::Intruder& intruder = busy.intruder;
  const std::string who =
      intruder.slot ? "" : fmt::format("thread {} ({}) ", intruder.tid.value, intruder.comm);
  std::string message =
      fmt::format("{}{}; {} {}", who, intruder.reason, busy.tries, busy.tries == 1 ? "try" : "tries");
  if (busy.unchanged_for.count() > 0)
    message += fmt::format("; it has not moved for {:.1f} s",
                           std::chrono::duration<double>(busy.unchanged_for).count());
  return message;
}

std::string hint_for(const Busy& busy) {
  if (busy.intruder.slot)
    return "wait longer with --timeout until it goes on; if it is no suspended stack, or a coroutine that "
           "may go on in "
           "the new code, --foreign-stacks=ignore does not look for such words";
  if (busy.unchanged_for.count() > 0 && busy.intruder.was_blocked)
    return "it sleeps there and will not leave by itself: make it wake up (a request, a signal it handles), "
           "change "
           "the functions it calls instead of the one it waits in, or restart the target";
  return "try again when the function is not in use, or wait longer with --timeout";
}

}  // namespace

Error busy_error(const process::Process& target, const std::vector<FoundRecord>& records, const Busy& busy) {
  std::string message = describe(busy);
  const unwind::Intruder& intruder = busy.intruder;
  const CodeNames names(target, records);
  for (std::size_t i = 0; i < intruder.chain.frames.size() && i < frames_shown; ++i) {
    const unwind::Frame& frame = intruder.chain.frames[i];
    message += fmt::format("\n  #{:<2} {}", i, names.describe(frame.pc, !frame.is_interrupted));
  }
  return {ErrorCode::busy, message, hint_for(busy)};
}

}  // namespace stent::transaction
