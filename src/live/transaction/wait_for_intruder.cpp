#include "live/transaction/wait_for_intruder.hpp"

#include <algorithm>
#include <optional>

#include "live/process/thread_switches.hpp"
#include "live/stop/leave_event.hpp"

namespace stent::transaction {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::nanoseconds longest_nap = std::chrono::milliseconds(100);
constexpr auto longest_trust = std::chrono::seconds(1);

enum class Sleep { awake, began, lasts };

/// What can be seen of an intruder without stopping it.
class Traces {
 public:
  Traces(const process::Process& target, const unwind::Intruder& intruder)
      : target_(&target), intruder_(&intruder) {
    if (intruder.slot) has_first_ = read_word(first_);
  }

  /// True when nothing can have changed since the first call that saw the thread asleep.
  bool are_unchanged() {
    if (intruder_->slot) {
      std::uint64_t now = 0;
      return has_first_ && read_word(now) && now == first_;
    }
    if (!intruder_->was_blocked) return false;
    const auto now = process::read_thread_switches(target_->pid(), intruder_->tid);
    if (!now || !now->is_asleep) return false;
    if (!has_first_) first_ = now->count;
    has_first_ = true;
    return first_ == now->count;
  }

  /// Of a thread that ran when it was stopped.
  Sleep sleep() {
    if (intruder_->slot || intruder_->was_blocked) return Sleep::awake;
    const auto now = process::read_thread_switches(target_->pid(), intruder_->tid);
    const bool sleeps = now && now->is_asleep;
    const bool lasts = sleeps && has_first_ && first_ == now->count;
    has_first_ = sleeps;
    if (sleeps) first_ = now->count;
    return lasts ? Sleep::lasts : sleeps ? Sleep::began : Sleep::awake;
  }

 private:
  [[nodiscard]] bool read_word(std::uint64_t& word) const {
    return target_->memory().try_read(*intruder_->slot, std::as_writable_bytes(std::span(&word, 1)));
  }

  const process::Process* target_;
  const unwind::Intruder* intruder_;
  std::uint64_t first_ = 0;  ///< the word, or the count of switches
  bool has_first_ = false;
};

}  // namespace

unwind::Intruder intruder_of(const stop::Unstoppable& thread) {
  unwind::Intruder intruder;
  intruder.tid = thread.tid;
  intruder.comm = thread.comm;
  intruder.reason = "could not be stopped in time: " + thread.reason;
  return intruder;
}

Waited wait_for_intruder(stop::Session& session, const unwind::Intruder& intruder,
                         std::chrono::nanoseconds shortest, Deadline deadline,
                         const std::function<bool()>& looks_inside) {
  const std::optional<stop::LeaveEvent> leaving =
      intruder.leaves_at ? stop::LeaveEvent::watch(intruder.tid, *intruder.leaves_at) : std::nullopt;
  Traces traces(session.target(), intruder);
  const auto began = Clock::now();
  for (auto nap = shortest;; nap = std::min(nap * 2, longest_nap)) {
    const auto left = std::min<std::chrono::nanoseconds>(nap, deadline - Clock::now());
    if (left <= left.zero()) return traces.are_unchanged() ? Waited::never_moved : Waited::still_there;
    if (leaving) {
      if (session.serve_or(leaving->descriptor(), left)) return Waited::may_have_left;
    } else {
      session.serve(left);
    }
    // A word may become harmless without changing: its thread ends.
    if (traces.are_unchanged() && !(intruder.slot && Clock::now() - began > longest_trust)) continue;
    const Sleep sleep = traces.sleep();  // a look into it would wake it up
    if (sleep == Sleep::began) continue;
    if (sleep == Sleep::lasts) return Waited::may_have_left;
    const bool is_thread = intruder.tid.value != 0 && !intruder.was_blocked && !intruder.function.empty();
    if (!is_thread || !looks_inside()) return Waited::may_have_left;
  }
}

}  // namespace stent::transaction
