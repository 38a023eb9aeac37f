#include "live/stop/session.hpp"

#include <algorithm>
#include <thread>

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

std::optional<StoppedTracee> Session::borrow(const std::function<bool(const StoppedThread&)>& accept,
                                             std::chrono::nanoseconds deadline) {
  constexpr auto patience_each = std::chrono::milliseconds(5);
  const auto end = Clock::now() + deadline;
  do {
    threads_->pump();
    threads_->classify();
    for (const bool blocked : {true, false})
      for (std::size_t i = 0; i < threads_->entries().size(); ++i) {
        ThreadTable::Entry& entry = *threads_->entries()[i];
        if (entry.view.was_blocked != blocked || entry.dormant) continue;
        if (entry.tracee.state() == Tracee::State::ended || entry.tracee.state() == Tracee::State::stopped)
          continue;
        entry.tracee.interrupt();
        if (threads_->settle(entry, Clock::now() + patience_each) != ThreadTable::Outcome::stopped) continue;
        if (accept(entry.view)) return StoppedTracee(*threads_, entry.view);
        threads_->resume(entry);
      }
    serve(std::min<Clock::duration>(std::max<Clock::duration>(end - Clock::now(), Clock::duration::zero()),
                                    std::chrono::milliseconds(1)));
  } while (Clock::now() < end);
  return std::nullopt;
}

void Session::detach() noexcept { threads_->detach_all(); }

}  // namespace stent::stop
