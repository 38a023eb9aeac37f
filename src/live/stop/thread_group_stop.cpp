#include "live/stop/thread_group_stop.hpp"

#include "live/stop/scheduling.hpp"
#include "live/stop/thread_table.hpp"

namespace stent::stop {
namespace {
constexpr std::size_t few_threads = 4;
}

std::chrono::nanoseconds default_max_pause(std::size_t threads) {
  return std::chrono::milliseconds(20) + std::chrono::microseconds(20) * static_cast<std::int64_t>(threads);
}

ThreadGroupStop::ThreadGroupStop(Session& session, std::chrono::nanoseconds max_pause)
    : session_(&session), max_pause_(max_pause) {
  session_->threads_->seize_others();
  stopped_.reserve(session_->threads_->entries().size() + 17);
}

ThreadGroupStop::~ThreadGroupStop() { resume(); }

std::optional<Unstoppable> ThreadGroupStop::stop_blocked() {
  auto failure = session_->threads_->memory_sharer();
  if (failure) {
    resume();
  } else {
    // Few threads are stopped all at once: that takes less time than stopping twice.
    const bool together = session_->threads_->entries().size() <= few_threads;
    if (together) urgent_ = std::make_unique<UrgentScheduling>();
    failure = stop(!together);
  }
  blocked_count_ = stopped_.size();
  return failure;
}

std::optional<Unstoppable> ThreadGroupStop::stop_running() {
  if (urgent_ == nullptr) urgent_ = std::make_unique<UrgentScheduling>();
  auto failure = stop(false);
  ThreadTable& threads = *session_->threads_;
  // A thread born of one that was inside clone(2) when it was seized may have come unseen, or one of the
  // leader.
  while (!failure && threads.seize_newcomers() != 0) failure = stop(false);
  if (!failure && threads.seize_leader()) failure = stop(false);
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
  const auto wanted = [only_blocked](const ThreadTable::Entry& entry) {
    return !entry.dormant && (entry.view.was_blocked || !only_blocked) &&
           (entry.tracee.state() == Tracee::State::running ||
            entry.tracee.state() == Tracee::State::listening);
  };
  for (const auto& entry : threads.entries())
    if (wanted(*entry)) entry->tracee.interrupt();
  for (std::size_t i = 0; i < threads.entries().size(); ++i) {  // grows while threads are born
    ThreadTable::Entry& entry = *threads.entries()[i];
    if (!wanted(entry)) continue;
    const auto outcome = threads.settle(entry, *began_ + max_pause_);
    if (outcome == ThreadTable::Outcome::stopped) stopped_.push_back(entry.view);
    if (outcome != ThreadTable::Outcome::late) continue;
    resume();
    return threads.explain(entry);
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
  resumed_ = true;
  complete_ = false;
  return window_;
}

}  // namespace stent::stop
