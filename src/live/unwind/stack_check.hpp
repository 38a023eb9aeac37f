// StackCheck: are stopped threads inside forbidden code, or will they return into it?
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "live/process/mapping.hpp"
#include "live/process/remote_memory.hpp"
#include "live/unwind/forbidden_code.hpp"
#include "live/unwind/scan.hpp"
#include "live/unwind/stack_snapshot.hpp"
#include "live/unwind/unwinder.hpp"
#include "live/unwind/used_stack.hpp"

namespace stent::unwind {

/// What keeps a change from being made now: a thread, or a stack that belongs to none.
struct Intruder {
  Tid tid;  ///< 0: no thread
  std::string comm;
  std::string function;  ///< what it is inside of; empty when its stack cannot be told or read
  std::string reason;    ///< for people
  CallChain chain;
  /// Where the outermost forbidden frame returns to: outside, when the thread gets there.
  std::optional<RemoteAddress> leaves_at;
  bool was_blocked = false;  ///< it slept in the kernel
  /// A word in memory that says so, for what belongs to no thread.
  std::optional<RemoteAddress> slot;
};

/// What `StackCheck` knows of the memory of a stopped thread.
struct SeenStack {
  RemoteAddress thread_pointer;
  RemoteRange current;              ///< looked at, together with the dead part below
  std::optional<RemoteRange> home;  ///< looked at, of a thread that runs elsewhere
};

/// A thread with a hit, kept with a copy of its stack until it is known what the hit is.
struct Suspect {
  StackSnapshot snapshot;
  std::vector<Hit> hits;  ///< empty: a register holds the value
  std::string function;
};

/// One check a stop; threads found harmless by unwinding are remembered from one to the next. "Unknown" is an
/// intruder, never a pass.
class StackCheck {
 public:
  StackCheck(const process::RemoteMemory& memory, Unwinder& unwinder, const ForbiddenCode& forbidden);

  /// To be called before each stop, with mappings just read.
  void begin(std::vector<process::Mapping> mappings);

  /// After `begin`: does once, with the target running, what `look` will do, so that it will be fast. Finds
  /// nothing out.
  void rehearse();

  /// Looks at `threads`, which must stay stopped meanwhile. An intruder, or empty: then they are outside and
  /// return nowhere into forbidden code, but for those that became `undecided`. Spends at most 200 us in all
  /// stops' unwinding since `begin`, beyond that a thread with a hit is undecided.
  [[nodiscard]] std::optional<Intruder> look(std::span<const ThreadState> threads);

  [[nodiscard]] bool has_undecided() const { return !undecided_.empty(); }

  /// The threads that `look` has looked at since `begin`.
  [[nodiscard]] std::span<const SeenStack> seen() const { return seen_; }

  /// Unwinds what `look` had no time for, with the threads running again. An intruder, or empty: all were
  /// stale, and the next `look` will let a thread pass that has not moved. `pause` is called now and then.
  [[nodiscard]] std::optional<Intruder> decide(const std::function<void()>& pause);

  /// Fills in the call chain of an intruder that `look` returned, from its copy of the stack.
  void complete(Intruder& intruder, const std::function<void()>& pause);

  /// True when a register or a word on the used stack of `thread` lies in one of `ranges`, or when its stack
  /// cannot be told.
  [[nodiscard]] bool holds_value(const ThreadState& thread, std::span<const RemoteRange> ranges);

  /// What setjmp mangles addresses with in this process; 0 when not known yet.
  [[nodiscard]] std::uint64_t guard() const { return guard_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// The read of one part of one thread's stack.
  struct PartRead {
    std::size_t thread = 0;  ///< its place in the group
    RemoteRange range;
    bool is_home = false;
  };

  void learn_guard(std::span<const ThreadState> threads);
  void note_seen(const ThreadState& thread, const UsedStack& used, ByteView bytes);
  std::optional<Intruder> look_at_group(std::span<const ThreadState> threads, std::vector<PartRead>& parts);
  std::optional<Intruder> look_at_large(const ThreadState& thread, const UsedStack& used);
  [[nodiscard]] const CodePiece* register_hit(const ThreadState& thread) const;
  std::optional<Intruder> look_below_or_weigh(Suspect suspect);
  std::optional<Intruder> weigh(Suspect suspect);
  [[nodiscard]] std::optional<Intruder> judge(const Suspect& suspect, std::size_t most_frames,
                                              const std::function<void()>& pause);
  [[nodiscard]] bool explains(const CallChain& chain, const Suspect& suspect) const;
  [[nodiscard]] bool is_probed(ByteView stack, RemoteAddress at) const;

  const process::RemoteMemory* memory_;
  Unwinder* unwinder_;
  const ForbiddenCode* forbidden_;
  std::vector<process::Mapping> mappings_;
  std::optional<RemoteRange> uprobes_;  ///< where uretprobes put the return addresses they replace
  std::uint64_t guard_ = 0;
  Bytes buffer_;
  std::vector<SeenStack> seen_;
  std::vector<Suspect> undecided_;
  std::optional<StackSnapshot> inside_;  ///< of the intruder `look` returned
  std::map<pid_t, StackSnapshot> stale_;
  std::chrono::nanoseconds spent_{0};
};

}  // namespace stent::unwind
