#include "live/stop/stopped_tracee.hpp"

#include <utility>

#include "live/stop/thread_table.hpp"

namespace stent::stop {
namespace {

using Clock = ThreadTable::Clock;
constexpr auto patience_at_exit = std::chrono::seconds(2);

ThreadTable::Entry& entry_of(const ThreadTable& threads, Tid tid) {
  ThreadTable::Entry* entry = threads.find(tid);
  if (entry == nullptr) throw target_gone(threads.target().pid(), "lost the thread stent had borrowed");
  return *entry;
}

template <class Value>
Value present(std::optional<Value> value, const ThreadTable& threads) {
  if (!value) throw target_gone(threads.target().pid(), "was killed");
  return std::move(*value);
}

}  // namespace

StoppedTracee::StoppedTracee(ThreadTable& threads, StoppedThread state)
    : threads_(&threads), state_(std::move(state)) {}

StoppedTracee::StoppedTracee(StoppedTracee&& other) noexcept
    : threads_(std::exchange(other.threads_, nullptr)),
      state_(std::move(other.state_)),
      mask_(other.mask_),
      extended_(std::move(other.extended_)),
      changed_(other.changed_) {}

StoppedTracee::~StoppedTracee() {
  if (threads_ == nullptr) return;
  try {
    ThreadTable::Entry* entry = threads_->find(state_.tid);
    if (entry == nullptr || entry->tracee.state() == Tracee::State::ended) return;
    if (entry->tracee.state() != Tracee::State::stopped) {
      entry->tracee.interrupt();
      if (threads_->settle(*entry, Clock::now() + patience_at_exit) != ThreadTable::Outcome::stopped) return;
    }
    // Mask first: were stent killed in between, the thread would still come back through its frame.
    if (mask_) entry->tracee.set_signal_mask(*mask_);
    if (extended_) entry->tracee.set_extended_state(*extended_);
    if (changed_) entry->tracee.set_registers(state_.registers);
    threads_->release(*entry);
  } catch (const std::exception&) {  // the target ended or replaced itself: nothing is left to restore
  }
}

Registers StoppedTracee::registers() const {
  return present(entry_of(*threads_, state_.tid).tracee.registers(), *threads_);
}

void StoppedTracee::set_registers(const Registers& registers) {
  changed_ = true;
  if (!entry_of(*threads_, state_.tid).tracee.set_registers(registers))
    throw target_gone(threads_->target().pid(), "was killed");
}

Bytes StoppedTracee::extended_state() const {
  return present(entry_of(*threads_, state_.tid).tracee.extended_state(), *threads_);
}

void StoppedTracee::set_extended_state(ByteView state) {
  if (!extended_) extended_ = extended_state();
  if (!entry_of(*threads_, state_.tid).tracee.set_extended_state(state))
    throw target_gone(threads_->target().pid(), "was killed");
}

std::uint64_t StoppedTracee::signal_mask() const {
  return present(entry_of(*threads_, state_.tid).tracee.signal_mask(), *threads_);
}

void StoppedTracee::set_signal_mask(std::uint64_t mask) {
  if (!mask_) mask_ = signal_mask();
  if (!entry_of(*threads_, state_.tid).tracee.set_signal_mask(mask))
    throw target_gone(threads_->target().pid(), "was killed");
}

process::RemoteMemory& StoppedTracee::memory() { return threads_->memory(); }

std::int64_t StoppedTracee::run_syscall(std::chrono::nanoseconds patience) {
  const auto deadline = Clock::now() + patience;
  ThreadTable::Entry& entry = entry_of(*threads_, state_.tid);
  int signal = 0;
  for (int stops_at_call = 0; stops_at_call < 2;) {  // entry and exit
    entry.tracee.resume_to_syscall(signal);
    const auto event = entry.tracee.wait(deadline);
    if (!event)
      throw Error(
          ErrorCode::busy,
          "a system call that stent makes in thread " + std::to_string(state_.tid.value) + " takes too long",
          "the machine is overloaded; try again");
    if (event->kind == StopEvent::Kind::ended) throw target_gone(threads_->target().pid(), "was killed");
    if (event->kind == StopEvent::Kind::syscall) ++stops_at_call;
    signal = event->signal_to_pass();
  }
  const auto result = static_cast<std::int64_t>(registers().raw.rax);
  stop_again(deadline);
  return result;
}

/// From a stop at a system call or a signal to an event stop: only there may registers be restored so that
/// the kernel restarts the call the thread was borrowed in.
void StoppedTracee::stop_again(Clock::time_point deadline) {
  ThreadTable::Entry& entry = entry_of(*threads_, state_.tid);
  entry.tracee.interrupt();
  entry.tracee.resume();
  const StoppedThread before = entry.view;
  const auto outcome = threads_->settle(entry, deadline);
  entry.view = before;
  if (outcome == ThreadTable::Outcome::ended) throw target_gone(threads_->target().pid(), "was killed");
  if (outcome == ThreadTable::Outcome::late)
    throw Error(ErrorCode::busy, "thread " + std::to_string(state_.tid.value) + " does not stop again",
                "the machine is overloaded; try again");
}

StoppedTracee::End StoppedTracee::run_function(const IsEnd& is_end, const std::function<void()>& at_end,
                                               std::chrono::nanoseconds patience) {
  const auto deadline = Clock::now() + patience;
  ThreadTable::Entry& entry = entry_of(*threads_, state_.tid);
  int signal = 0;
  for (;;) {
    entry.tracee.resume_to_syscall(signal);
    const auto event = threads_->await(entry, deadline);
    if (!event) {
      threads_ = nullptr;
      return {End::Kind::unfinished, 0};
    }
    signal = event->signal_to_pass();
    if (event->kind == StopEvent::Kind::ended) throw target_gone(threads_->target().pid(), "was killed");
    if (signal != 0 && entry.tracee.has_faulted()) {
      stop_again(Clock::now() + patience_at_exit);
      return {End::Kind::faulted, signal};
    }
    if (event->kind != StopEvent::Kind::syscall || !is_end(registers())) continue;
    at_end();
    stop_again(Clock::now() + patience_at_exit);
    return {};
  }
}

}  // namespace stent::stop
