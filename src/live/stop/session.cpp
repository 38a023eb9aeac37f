#include "live/stop/session.hpp"

#include <algorithm>

#include "live/stop/await_report_or.hpp"
#include "live/stop/thread_table.hpp"

namespace stent::stop {

using Clock = ThreadTable::Clock;

Session::Session(const process::Process& target)
    : target_(&target), threads_(std::make_unique<ThreadTable>(target)) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

std::size_t Session::thread_count() const {
  return static_cast<std::size_t>(std::count_if(threads_->entries().begin(), threads_->entries().end(),
                                                [](const auto& entry) { return !entry->dormant; }));
}

process::RemoteMemory& Session::memory() { return target_->writable_memory(); }

void Session::serve(std::chrono::nanoseconds time) {
  constexpr Clock::duration at_most = std::chrono::milliseconds(2);
  const auto end = Clock::now() + time;
  for (;;) {
    threads_->pump();
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) return;
    await_report(std::min(left, at_most));
  }
}

bool Session::serve_or(int descriptor, std::chrono::nanoseconds time) {
  constexpr Clock::duration at_most = std::chrono::milliseconds(2);
  const auto end = Clock::now() + time;
  for (;;) {
    threads_->pump();
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) return false;
    if (await_report_or(descriptor, std::min(left, at_most))) return true;
  }
}

bool Session::inspect(Tid tid, const std::function<void(const StoppedThread&)>& look) {
  constexpr auto patience = std::chrono::milliseconds(5);
  threads_->pump();
  ThreadTable::Entry* entry = threads_->find(tid);
  if (entry == nullptr || entry->dormant || entry->tracee.state() != Tracee::State::running) return false;
  entry->tracee.interrupt();
  if (threads_->settle(*entry, Clock::now() + patience) != ThreadTable::Outcome::stopped) return false;
  look(entry->view);
  threads_->resume(*entry);
  return true;
}

std::optional<StoppedTracee> Session::try_borrow(const Accept& accept, bool blocked, std::size_t candidates) {
  constexpr auto patience_each = std::chrono::milliseconds(5);
  for (std::size_t i = 0; i < threads_->entries().size() && candidates > 0; ++i) {
    ThreadTable::Entry& entry = *threads_->entries()[i];
    if (entry.view.was_blocked != blocked || entry.dormant) continue;
    if (entry.tracee.state() == Tracee::State::ended || entry.tracee.state() == Tracee::State::stopped)
      continue;
    --candidates;
    entry.tracee.interrupt();
    if (threads_->settle(entry, Clock::now() + patience_each) != ThreadTable::Outcome::stopped) continue;
    if (accept(entry.view)) return StoppedTracee(*threads_, entry.view);
    threads_->resume(entry);
  }
  return std::nullopt;
}

std::optional<StoppedTracee> Session::borrow_once(const Accept& accept, std::size_t candidates) {
  threads_->pump();
  threads_->classify();
  return try_borrow(accept, true, candidates);
}

std::optional<StoppedTracee> Session::borrow(const Accept& accept, std::chrono::nanoseconds patience) {
  const auto end = Clock::now() + patience;
  do {
    threads_->pump();
    threads_->classify();
    for (const bool blocked : {true, false})
      if (auto thread = try_borrow(accept, blocked, threads_->entries().size())) return thread;
    serve(std::chrono::milliseconds(1));
  } while (Clock::now() < end);
  return std::nullopt;
}

void Session::detach() noexcept { threads_->detach_all(); }

}  // namespace stent::stop
