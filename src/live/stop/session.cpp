#include "live/stop/session.hpp"

#include <algorithm>
#include <limits>
#include <thread>

#include "live/stop/await_report_or.hpp"
#include "live/stop/target_lock.hpp"
#include "live/stop/thread_table.hpp"

namespace stent::stop {
namespace {

using Clock = ThreadTable::Clock;
constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

bool consider_all(Tid) { return true; }

/// While the leader is traced and others are not, signals that the process ignores wake those.
std::vector<Tid> leader_last(Pid pid) {
  std::vector<Tid> threads = process::list_threads(pid);
  std::stable_partition(threads.begin(), threads.end(), [&](Tid tid) { return tid.value != pid.value; });
  return threads;
}

}  // namespace

Session::Session(const process::Process& target)
    : target_(&target),
      lock_(std::make_unique<TargetLock>(target.pid())),
      threads_(std::make_unique<ThreadTable>(target)) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

std::size_t Session::thread_count() const {
  const auto leader = process::read_thread_stat(target_->pid(), {target_->pid().value});
  return process::list_threads(target_->pid()).size() - (leader && leader->is_dead() ? 1 : 0);
}

process::RemoteMemory& Session::memory() { return threads_->memory(); }

void Session::serve(std::chrono::nanoseconds time) {
  constexpr Clock::duration at_most = std::chrono::milliseconds(2);
  const auto end = Clock::now() + time;
  for (;;) {
    threads_->pump();
    threads_->require_target();
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) return;
    if (threads_->entries().empty())
      std::this_thread::sleep_for(std::min(left, at_most));
    else
      await_report(std::min(left, at_most));
  }
}

bool Session::serve_or(int descriptor, std::chrono::nanoseconds time) {
  constexpr Clock::duration at_most = std::chrono::milliseconds(2);
  const auto end = Clock::now() + time;
  for (;;) {
    threads_->pump();
    threads_->require_target();
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) return false;
    if (await_report_or(descriptor, std::min(left, at_most))) return true;
  }
}

bool Session::inspect(Tid tid, const std::function<void(const StoppedThread&)>& look) {
  constexpr auto patience = std::chrono::milliseconds(5);
  threads_->pump();
  const auto stat = process::read_thread_stat(target_->pid(), tid);
  if (!stat || stat->is_dead() || threads_->find(tid) != nullptr) return false;
  ThreadTable::Entry* entry = threads_->seize(*stat);
  if (entry == nullptr) return false;
  entry->tracee.interrupt();
  if (threads_->settle(*entry, Clock::now() + patience) != ThreadTable::Outcome::stopped) return false;
  look(entry->view);
  threads_->release(*entry);
  return true;
}

std::optional<StoppedTracee> Session::try_borrow(const Consider& consider, const Accept& accept, bool blocked,
                                                 std::size_t candidates) {
  constexpr auto patience_each = std::chrono::milliseconds(5);
  for (const Tid tid : leader_last(target_->pid())) {
    if (candidates == 0) break;
    const auto stat = process::read_thread_stat(target_->pid(), tid);
    if (!stat || stat->is_dead() || stat->is_kernel_worker() || stat->is_blocked() != blocked) continue;
    if (!consider(tid)) continue;
    ThreadTable::Entry* entry = threads_->find(tid);  // there already: it was late when it was tried before
    if (entry == nullptr) entry = threads_->seize(*stat);
    if (entry == nullptr || entry->tracee.state() != Tracee::State::running) continue;
    --candidates;
    entry->tracee.interrupt();
    if (threads_->settle(*entry, Clock::now() + patience_each) != ThreadTable::Outcome::stopped) continue;
    if (accept(entry->view)) return StoppedTracee(*threads_, entry->view);
    threads_->release(*entry);
  }
  return std::nullopt;
}

std::optional<StoppedTracee> Session::borrow_once(const Consider& consider, const Accept& accept,
                                                  std::size_t candidates) {
  threads_->pump();
  threads_->require_target();
  return try_borrow(consider, accept, true, candidates);
}

std::optional<StoppedTracee> Session::borrow(const Accept& accept, std::chrono::nanoseconds patience) {
  const auto end = Clock::now() + patience;
  do {
    threads_->pump();
    for (const bool blocked : {true, false})
      if (auto thread = try_borrow(consider_all, accept, blocked, any_number)) return thread;
    serve(std::chrono::milliseconds(1));
  } while (Clock::now() < end);
  return std::nullopt;
}

void Session::detach() noexcept { threads_->detach_all(); }

}  // namespace stent::stop
