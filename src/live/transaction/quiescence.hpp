// Waiting until no thread is inside, or returns into, given code, and then changing it in the same stop.
#pragma once

#include <chrono>
#include <span>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "live/redirect/jump_write.hpp"
#include "live/stop/session.hpp"
#include "live/stop/thread_group_stop.hpp"
#include "live/transaction/inventory.hpp"
#include "live/transaction/transaction.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::transaction {

using Deadline = std::chrono::steady_clock::time_point;

/// What one successful change took.
struct Change {
  unsigned tries = 0;
  std::size_t threads = 0;
  std::chrono::nanoseconds stop_window{0};
};

/// Who kept a change from being made until the deadline.
struct Busy {
  unwind::Intruder intruder;
  unsigned tries = 0;
};

/// The error that tells of `busy`: thread, function and call chain. Takes a while (it reads symbol tables),
/// so call it when the target is no longer held.
[[nodiscard]] Error busy_error(const process::Process& target, const std::vector<FoundRecord>& records,
                               const Busy& busy);

class Quiescence {
 public:
  Quiescence(stop::Session& session, std::vector<FoundRecord> records, unwind::ForbiddenCode forbidden,
             const Options& options);

  /// Makes all of `writes` in one stop in which no thread is inside. Tries until `deadline`, at least once,
  /// with the target running in between. Throws `mismatch` when a place no longer holds what the write
  /// expects.
  [[nodiscard]] std::variant<Change, Busy> change(std::span<const redirect::JumpWrite> writes,
                                                  Deadline deadline);

  /// True when, within a few stops, no register and no used stack held an address in `ranges`, and no thread
  /// was inside.
  [[nodiscard]] bool unreferenced(std::span<const RemoteRange> ranges);

 private:
  std::optional<unwind::Intruder> look(std::span<const stop::StoppedThread> threads,
                                       unwind::StackCheck& check);
  std::optional<unwind::Intruder> try_once(std::span<const redirect::JumpWrite> writes, Change& change);
  /// The unused parts of all stacks when no thread refers to `ranges`.
  [[nodiscard]] std::optional<std::vector<RemoteRange>> try_unreferenced(std::span<const RemoteRange> ranges);
  [[nodiscard]] std::chrono::nanoseconds max_pause() const;
  [[nodiscard]] unwind::ThreadState state_of(const stop::StoppedThread& thread) const;

  stop::Session* session_;
  std::vector<FoundRecord> records_;
  unwind::ForbiddenCode forbidden_;
  Options options_;
  unwind::Unwinder unwinder_;
};

}  // namespace stent::transaction
