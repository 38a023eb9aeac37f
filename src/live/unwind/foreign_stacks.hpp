// ForeignStacks: stacks that belong to no thread (suspended contexts, fibers, coroutines), found by what they
// leave in memory.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "live/process/mapping.hpp"
#include "live/process/process.hpp"
#include "live/process/touched_pages.hpp"
#include "live/unwind/forbidden_code.hpp"
#include "live/unwind/scan.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::unwind {

/// A search of the target's private writable memory, stacks of threads left out (`StackCheck` looks at
/// those), for words that say a stack is suspended in forbidden code: a return address, which follows a call;
/// a program counter in a context that a signal saved, or that setjmp mangled; where a suspended coroutine
/// goes on. Order: begin, then in the stop `leave_out` threads as they are stopped, and `look` when all are.
class ForeignStacks {
 public:
  /// True when the word at the first address, in memory mapped from a file, has held the second from the
  /// beginning, so that no call left it there.
  using IsAsLoaded = std::function<bool(RemoteAddress, RemoteAddress)>;

  /// `tables`: memory in which the linker laid out pointers, so that no stack is there.
  ForeignStacks(const process::Process& target, const ForbiddenCode& forbidden,
                std::vector<RemoteRange> tables, IsAsLoaded is_as_loaded);

  /// Before a stop, with mappings just read.
  void begin(const std::vector<process::Mapping>& mappings);
  /// Does once, with the target running, what `look` will do, so that it will be fast. Finds nothing out.
  void rehearse();
  /// What `StackCheck` has seen needs no search. Costs time for each, so call it before the last threads are
  /// stopped, and then for those.
  void leave_out(std::span<const SeenStack> seen);
  /// Every thread must be stopped. An intruder with a `slot`, or empty: no stack is suspended in forbidden
  /// code. Gives up at `deadline`: then an intruder without a slot.
  [[nodiscard]] std::optional<Intruder> look(std::uint64_t guard,
                                             std::chrono::steady_clock::time_point deadline);

  /// What the last `look` read, and how long it took.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::chrono::nanoseconds time() const { return time_; }

 private:
  /// What to do with a run: read it as it is, ask first which of its pages are touched, or neither.
  enum class Way { read, ask, leave_out };

  [[nodiscard]] Way way_of(const RemoteRange& run) const;
  [[nodiscard]] std::vector<RemoteRange> find_touched() const;
  std::optional<Intruder> search(std::uint64_t guard, std::chrono::steady_clock::time_point deadline);
  std::optional<Intruder> look_at(std::span<const RemoteRange> pieces, std::uint64_t guard);
  [[nodiscard]] bool is_suspended(const Hit& hit) const;
  [[nodiscard]] bool is_dead_thread(RemoteAddress slot) const;
  [[nodiscard]] std::optional<std::uint64_t> word(RemoteAddress at) const;

  const process::Process* target_;
  const ForbiddenCode* forbidden_;
  std::vector<RemoteRange> tables_;
  IsAsLoaded is_as_loaded_;
  process::TouchedPages touched_;
  std::vector<process::Mapping> mappings_;
  std::vector<RemoteRange> runs_;      ///< to search, ascending
  std::vector<RemoteRange> left_out_;  ///< by the last `leave_out`
  std::uint64_t file_memory_ = 0;      ///< bytes mapped of files or shared
  std::vector<RemoteAddress> thread_pointers_;
  Bytes buffer_;
  std::uint64_t bytes_ = 0;
  std::chrono::nanoseconds time_{0};
};

}  // namespace stent::unwind
