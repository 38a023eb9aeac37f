#include "live/stop/thread_group_stop.hpp"

#include <algorithm>
#include <limits>

namespace stent::stop {
namespace {
/// Few threads are stopped all at once: that takes less time than stopping twice.
constexpr std::size_t few_threads = 4;
/// So many sleeping threads are woken up at once to be stopped: while they wait for a processor, the
/// scheduler may put them in the way of those that run.
constexpr std::size_t woken_at_once = 64;
}  // namespace

std::chrono::nanoseconds default_max_pause(std::size_t threads) {
  return std::chrono::milliseconds(20) + std::chrono::microseconds(20) * static_cast<std::int64_t>(threads);
}

ThreadGroupStop::ThreadGroupStop(Session& session, std::chrono::nanoseconds max_pause)
    : session_(&session), max_pause_(max_pause) {
  ThreadTable& threads = *session_->threads_;
  threads.seize_others();
  stopped_.resize(threads.entries().size() + 17);  // its pages are there when the stop needs them
  stopped_.clear();
  asked_.reserve(stopped_.capacity());
  // Threads that run go on while the others are stopped and let go, undisturbed by the work that this is; and
  // a thread that wakes up goes where only stent is, because that looks idle to the scheduler: it does not
  // count a real-time thread as load.
  aside_.emplace(threads.busy_processors());
}

ThreadGroupStop::~ThreadGroupStop() { resume(); }

std::optional<Unstoppable> ThreadGroupStop::stop_blocked() {
  auto failure = session_->threads_->memory_sharer();
  if (failure) {
    resume();
  } else {
    attach_.emplace();
    heartbeat_.emplace();
    const bool together = session_->threads_->entries().size() <= few_threads;
    if (together || aside_->are_left()) urgent_.emplace();
    failure = stop(!together);
  }
  blocked_count_ = stopped_.size();
  return failure;
}

std::optional<Unstoppable> ThreadGroupStop::stop_running() {
  if (!urgent_) urgent_.emplace();
  auto failure = stop(false);
  ThreadTable& threads = *session_->threads_;
  // A thread born of one that was inside clone(2) when it was seized may have come unseen, or one of the
  // leader.
  while (!failure && threads.seize_newcomers() != 0) failure = stop(false);
  if (!failure && threads.seize_leader(*attach_) != nullptr) failure = stop(false);
  while (!failure && threads.seize_newcomers() != 0) failure = stop(false);
  if (!failure) failure = threads.new_memory_sharer();
  if (failure) {
    resume();
    return failure;
  }
  if (stopped_.empty()) throw target_gone(session_->target().pid(), "ended");
  complete_ = true;
  return std::nullopt;
}

std::optional<Unstoppable> ThreadGroupStop::stop(bool only_blocked) {
  ThreadTable& threads = *session_->threads_;
  if (!began_) began_ = Clock::now();
  const auto is_wanted = [only_blocked](const ThreadTable::Entry& entry) {
    return !entry.dormant && (entry.view.was_blocked || !only_blocked) &&
           (entry.tracee.state() == Tracee::State::running ||
            entry.tracee.state() == Tracee::State::listening);
  };
  const std::size_t most = only_blocked ? woken_at_once : std::numeric_limits<std::size_t>::max();
  for (std::size_t next = 0; next < threads.entries().size();) {  // grows while threads are born
    asked_.clear();
    for (; next < threads.entries().size() && asked_.size() < most; ++next)
      if (is_wanted(*threads.entries()[next])) asked_.push_back(threads.entries()[next].get());
    std::ranges::partition(asked_, [](const ThreadTable::Entry* entry) { return entry->view.was_blocked; });
    for (ThreadTable::Entry* entry : asked_) entry->tracee.interrupt();
    if (!only_blocked && threads.holds_everything()) ask_leader();
    if (auto failure = stop_asked()) return failure;
  }
  return std::nullopt;
}

/// With every other thread stopped or asked to stop.
void ThreadGroupStop::ask_leader() {
  ThreadTable::Entry* leader = session_->threads_->seize_leader(*attach_);
  if (leader == nullptr) return;
  leader->tracee.interrupt();
  asked_.insert(leader->view.was_blocked ? asked_.begin() : asked_.end(), leader);
}

std::optional<Unstoppable> ThreadGroupStop::stop_asked() {
  ThreadTable& threads = *session_->threads_;
  if (heartbeat_->beats()) threads.await_all(asked_, aside_->are_left(), *began_ + max_pause_);
  for (ThreadTable::Entry* entry : asked_) {
    const auto outcome = threads.settle(*entry, *began_ + max_pause_);
    if (outcome == ThreadTable::Outcome::stopped) stopped_.push_back(entry->view);
    if (outcome != ThreadTable::Outcome::late) continue;
    resume();
    return threads.explain(*entry);
  }
  return std::nullopt;
}

std::span<const StoppedThread> ThreadGroupStop::blocked() const {
  return std::span(stopped_).first(blocked_count_);
}

std::span<const StoppedThread> ThreadGroupStop::running() const {
  return std::span(stopped_).subspan(blocked_count_);
}

bool ThreadGroupStop::overdue() const { return began_ && Clock::now() > *began_ + max_pause_; }

process::RemoteMemory& ThreadGroupStop::memory() {
  if (!complete_) throw Error(ErrorCode::internal, "a write to a target that is not stopped");
  return session_->memory();
}

std::chrono::nanoseconds ThreadGroupStop::resume() {
  if (resumed_) return window_;
  if (!began_) began_ = Clock::now();
  session_->threads_->release_all();
  window_ = Clock::now() - *began_;
  urgent_.reset();
  aside_.reset();
  heartbeat_.reset();
  attach_.reset();
  resumed_ = true;
  complete_ = false;
  return window_;
}

}  // namespace stent::stop
