#include "live/publish/watch.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "live/process/memory_sharer.hpp"
#include "live/publish/signal_state.hpp"
#include "live/publish/sleeper.hpp"
#include "live/stop/stopped_thread.hpp"

namespace stent::publish {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = Watch::Clock;
using Kind = stop::StopEvent::Kind;
using State = stop::Tracee::State;

/// A running thread stops within a few microseconds; one that waits for a processor is not waited for.
constexpr microseconds worth_spinning{40};
/// This runs at real-time priority: whoever waits for its processor gets a turn so often.
constexpr microseconds longest_turn{40}, rest{20};
/// Each interruption has a sleeping thread's call begin again.
constexpr unsigned most_interruptions = 3;
constexpr milliseconds shortest_wait{1}, longest_wait{64};
/// For a thread that was interrupted and sleeps where nothing interrupts it.
constexpr milliseconds patience{200};

/// True when a tracee may have reported since this was asked last; waits for that until `at_most` has passed.
bool await_any(nanoseconds at_most) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const timespec timeout{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
  return ::sigtimedwait(&set, nullptr, &timeout) == SIGCHLD;
}

/// Some tracee with a report that nobody has answered.
std::optional<Tid> any_that_reports() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid == 0)
    return std::nullopt;
  return Tid{info.si_pid};
}

/// Whether a thread is known to be outside of a system call in which a child may be born unseen.
class BirthsAreSeen : public Judge {
 public:
  bool glance(const unwind::ThreadState& thread) override {
    return !thread.was_blocked || !gives_birth(static_cast<long>(thread.registers.orig_rax));
  }
};

}  // namespace

Watch::Watch(const process::Process& target, Reactions reactions)
    : target_(&target), reactions_(std::move(reactions)) {}

Watch::~Watch() {
  for (auto& [tid, thread] : threads_) thread.tracee.abandon();
}

void Watch::require_target() const {
  if (!target_->is_current()) throw stop::target_gone(target_->pid(), "ended or replaced itself by exec");
}

std::optional<std::string> Watch::begin(Clock::time_point deadline) {
  BirthsAreSeen births_are_seen;
  do {
    // The leader last, as ThreadTable::seize_all does.
    while (seize_new(false)) serve({});
    while (seize_new(true)) serve({});
    // Whoever was inside clone(2) when it was seized bears a child that is not traced. Each thread having
    // been seen outside of it, the list of threads shows the last of those.
    if (!pass(births_are_seen, deadline))
      return "has a thread that could not be seen outside of fork(2) or clone(2)";
  } while (seize_new(true));
  note_signal_masks();
  if (sharers_are_traced()) return std::nullopt;
  return "shares its memory with another process (vfork, or clone with CLONE_VM)";
}

bool Watch::seize_new(bool with_leader) {
  stop::PatientSeize attach;
  bool any = false;
  for (const Tid tid : process::list_threads(target_->pid())) {
    if (threads_.contains(tid.value) || (!with_leader && tid.value == target_->pid().value)) continue;
    const auto stat = process::read_thread_stat(target_->pid(), tid);
    if (!stat || stat->is_dead() || stat->is_kernel_worker()) continue;
    if (stop::Tracee::is_held(tid)) {  // since its birth, which is still to be answered
      adopt(tid);
    } else if (auto tracee = stop::Tracee::seize(target_->pid(), tid, attach)) {
      Thread thread{.tracee = std::move(*tracee), .group = target_->pid()};
      thread.ran_at = Clock::now();
      threads_.emplace(tid.value, std::move(thread));
      any = true;
    }
    serve({});
  }
  return any;
}

void Watch::note_signal_masks() {
  for (auto& [tid, thread] : threads_) {
    const auto state = read_signal_state(thread.group, {tid});
    thread.blocks_traps = state && (state->blocked & signal_bit(SIGTRAP)) != 0;
    serve({});  // newborn threads come, none goes
  }
}

bool Watch::sharers_are_traced() const {
  std::vector<Pid> known;
  for (const auto& [tid, thread] : threads_)
    if (thread.group != target_->pid()) known.push_back(thread.group);
  for (const auto& [tid, thread] : threads_)
    if (thread.tracee.state() != State::ended)
      return !process::find_memory_sharer(target_->pid(), {tid}, known);
  return false;
}

Watch::Thread& Watch::adopt(Tid child, std::optional<bool> shares_memory) {
  const auto known = threads_.find(child.value);
  if (known != threads_.end()) return known->second;
  const bool is_thread = process::read_thread_stat(target_->pid(), child).has_value();
  const Pid group = is_thread ? target_->pid() : Pid{child.value};
  const bool is_copy = !is_thread && !(shares_memory ? *shares_memory : runs_in_target(child));
  if (is_copy) reactions_.on_copy(group);
  Thread thread{.tracee = stop::Tracee::newborn(group, child),
                .group = group,
                .passed = true,
                .is_copy = is_copy,
                .is_newborn = true};
  return threads_.emplace(child.value, std::move(thread)).first->second;
}

bool Watch::runs_in_target(Tid process) const {
  return std::ranges::any_of(threads_, [&](const auto& place) {
    return place.second.tracee.state() != State::ended && process::shares_memory({place.first}, process);
  });
}

void Watch::finish(Judge& judge) {
  (void)pass(judge, Clock::time_point::max());
  constexpr microseconds between{50};
  for (const auto end = Clock::now() + patience; Clock::now() < end && is_any_on_its_way(); serve(between)) {
  }
}

bool Watch::is_any_on_its_way() const {
  if (std::ranges::any_of(threads_, [](const auto& place) {
        return place.second.is_asked && place.second.tracee.state() != State::ended;
      }))
    return true;
  const auto state = read_signal_state(target_->pid(), {target_->memory_owner().value});
  return state && (state->pending & ~state->blocked) != 0;
}

bool Watch::pass(Judge& judge, Clock::time_point deadline) {
  judge_ = &judge;
  for (auto& [tid, thread] : threads_) {
    thread.passed = thread.is_newborn;
    thread.is_doubtful = false;
    thread.interruptions = 0;
    thread.wait = {};
    thread.next_look = {};
  }
  for (;;) {
    require_target();
    const auto due = look_at_all();
    drain();  // a birth of before this began may not have been answered
    forget_ended();
    const bool is_done = have_all_passed();
    if (is_done || Clock::now() >= deadline) {
      judge_ = nullptr;
      return is_done;
    }
    serve(std::clamp<nanoseconds>(due - Clock::now(), nanoseconds(1), shortest_wait));
    judge.refresh();
  }
}

bool Watch::have_all_passed() const {
  return std::ranges::all_of(threads_, [](const auto& place) { return place.second.passed; });
}

void Watch::forget_ended() {
  std::erase_if(threads_, [](const auto& place) { return place.second.tracee.state() == State::ended; });
}

Clock::time_point Watch::look_at_all() {
  auto due = Clock::time_point::max();
  for (auto& [tid, thread] : threads_) {  // grows meanwhile
    if (thread.passed || thread.tracee.state() == State::ended) continue;
    if (thread.next_look <= Clock::now()) look_at(thread);
    if (!thread.passed) due = std::min(due, thread.next_look);
    serve({});
  }
  return due;
}

void Watch::look_at(Thread& thread) {
  const Tid tid = thread.tracee.tid();
  if (thread.is_copy) return postpone(thread);  // its first stop is on its way
  const auto asleep = read_sleeper(thread.group, tid, tid.value == target_->pid().value);
  if (asleep ? judge_->glance(*asleep) : judge_->lets_running_pass() && !thread.is_doubtful) {
    thread.passed = true;
    return;
  }
  if (asleep) thread.is_doubtful = true;
  if (!asleep || thread.interruptions < most_interruptions) interrupt(thread);
  if (thread.passed) return;
  const auto stat = process::read_thread_stat(thread.group, tid);
  if (!stat || stat->is_dead()) thread.passed = true;  // its end is reported when its process has ended
  postpone(thread);
}

void Watch::postpone(Thread& thread) {
  thread.wait = std::clamp<nanoseconds>(thread.wait * 2, shortest_wait, longest_wait);
  thread.next_look = Clock::now() + thread.wait;
}

void Watch::interrupt(Thread& thread) {
  ++thread.interruptions;
  auto runs_at = Clock::now();
  const auto until = runs_at + worth_spinning;
  thread.tracee.interrupt();
  thread.is_asked = true;
  while (!thread.passed && thread.tracee.state() != State::ended) {
    const auto asked = Clock::now();
    if (const auto event = thread.tracee.poll())
      handle(thread, *event, runs_at);
    else
      runs_at = asked;
    if (asked > until) return;
  }
}

void Watch::serve(nanoseconds at_most) {
  if (Clock::now() - rested_ > longest_turn) at_most = std::max<nanoseconds>(at_most, rest);
  const auto asked = Clock::now();
  const bool reported = await_any(at_most);
  if (at_most.count() > 0) rested_ = Clock::now();
  if (reported) return drain();
  quiet_ = asked;
}

void Watch::drain() {
  constexpr std::size_t few = 64;
  constexpr int most_in_a_row = 16;
  // In turn, so that one that reports again and again keeps nobody waiting.
  if (threads_.size() <= few)
    for (auto& [tid, thread] : threads_) poll(thread);
  for (int i = 0;; ++i) {
    const auto asked = Clock::now();
    const auto tid = any_that_reports();
    if (!tid) {
      quiet_ = asked;
      return;
    }
    poll(adopt(*tid));
    if (i < most_in_a_row) continue;
    for (auto& [other, thread] : threads_) poll(thread);
    return;
  }
}

void Watch::poll(Thread& thread) {
  if (thread.tracee.state() == State::ended) return;
  const auto asked = Clock::now();
  if (const auto event = thread.tracee.poll())
    handle(thread, *event, quiet_);
  else
    thread.ran_at = asked;
}

void Watch::handle(Thread& thread, const stop::StopEvent& event, Clock::time_point stopped_after) {
  thread.is_asked = false;  // any stop takes the place of the one asked for
  thread.is_newborn = false;
  answer(thread, event);
  const auto now = Clock::now();
  if (event.kind != Kind::ended)
    longest_pause_ = std::max<nanoseconds>(longest_pause_, now - std::max(stopped_after, thread.ran_at));
  thread.ran_at = now;
  judge_seen(thread);
}

/// A thread is held only for its registers to be read: its stack can wait until it runs again, unless there
/// is a doubt.
void Watch::see(Thread& thread, const stop::Registers& registers) {
  if (judge_ == nullptr || thread.passed) return;
  unwind::ThreadState state;
  state.tid = thread.tracee.tid();
  state.is_main = state.tid.value == target_->pid().value;
  state.registers = registers.raw;
  if (!thread.is_doubtful) {
    seen_ = std::move(state);
    return;
  }
  const Verdict verdict = judge_->look(state);
  thread.passed = verdict == Verdict::passes;
  is_undecided_ = verdict == Verdict::undecided;
}

void Watch::judge_seen(Thread& thread) {
  if (seen_) thread.passed = judge_->glance(*seen_);
  if (seen_ && !thread.passed) thread.is_doubtful = true;
  if (is_undecided_) thread.passed = judge_->decide();
  seen_.reset();
  is_undecided_ = false;
}

void Watch::answer(Thread& thread, const stop::StopEvent& event) {
  stop::Tracee& tracee = thread.tracee;
  const bool is_event_stop = event.kind == Kind::interrupted || event.kind == Kind::group_stop;
  if (thread.is_copy && is_event_stop) return tracee.leave();
  if (event.kind == Kind::ended) return;
  if (event.kind == Kind::exec) {
    tracee.leave();
    if (thread.group == target_->pid()) throw stop::target_gone(target_->pid(), "replaced itself by exec");
    return tracee.abandon();
  }
  if (event.kind == Kind::signal) return answer_signal(thread, event.signal);
  if (event.kind == Kind::clone) return answer_birth(thread, event.child);
  if (is_event_stop) tracee.cure();
  if (const auto registers = tracee.registers()) see(thread, *registers);
  if (event.kind == Kind::group_stop)
    tracee.listen();
  else
    tracee.resume();
}

void Watch::answer_birth(Thread& thread, Tid child) {
  if (const auto registers = thread.tracee.registers()) see(thread, *registers);
  // Asked of one that is alive for certain, as it is held.
  const bool shares_memory = process::shares_memory(thread.tracee.tid(), child);
  thread.tracee.resume();
  adopt(child, shares_memory);
}

void Watch::answer_signal(Thread& thread, int signal) {
  stop::Tracee& tracee = thread.tracee;
  const auto registers = tracee.registers();
  if (registers && signal == SIGTRAP && tracee.has_faulted() && reroute(thread, *registers))
    return tracee.resume();
  if (registers) {
    see(thread, *registers);
    // A signal that runs no handler would, because it is traced, leave an EINTR behind: look once more after
    // it.
    if (tracee.is_broken(*registers)) {
      tracee.interrupt();
      thread.is_asked = true;
    }
  }
  tracee.resume(signal);
}

bool Watch::reroute(Thread& thread, stop::Registers registers) {
  const auto route = reactions_.on_breakpoint(registers.pc());
  if (!route) return false;
  --registers.raw.rip;  // as if it had not met it yet
  see(thread, registers);
  registers.raw.rip = route->value;
  thread.tracee.set_registers(registers);
  // A fault unblocks its signal (force_sig in the kernel's kernel/signal.c).
  if (thread.blocks_traps)
    if (const auto mask = thread.tracee.signal_mask())
      thread.tracee.set_signal_mask(*mask | signal_bit(SIGTRAP));
  return true;
}

}  // namespace stent::publish
