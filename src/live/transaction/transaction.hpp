// Apply, revert, check and list: the whole online journey as four calls.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/pid.hpp"
#include "live/transaction/stop_phases.hpp"
#include "patch/patch.hpp"

namespace stent::transaction {

/// What to do about stacks that no thread runs on (suspended contexts, fibers, coroutines).
enum class ForeignStacks {
  scan,    ///< search memory for them in the stop; wait while one is in a function to be replaced
  ignore,  ///< the user knows that there are none
  refuse,  ///< as scan, but do not wait
};

struct Options {
  std::chrono::milliseconds timeout{10'000};  ///< how long to wait for quiescence
  /// Longest single stop, stopping included; empty: 20 ms + 20 us a thread, and up to 80 ms where there is
  /// much memory to search.
  std::optional<std::chrono::microseconds> max_pause{};
  ForeignStacks foreign_stacks = ForeignStacks::scan;
  std::vector<BuildId> replace{};  ///< apply: patches that leave as this one comes, in the same stop
  /// apply: new static data of the patch begins with its initial values even where an earlier patch has it.
  bool fresh_data = false;
  /// apply: in place of the patch's own.
  std::optional<patch::Consistency> consistency{};
  std::chrono::milliseconds hook_patience{5'000};  ///< how long one hook of the patch may take
  std::string origin{};                            ///< the patch's file, kept in the record for debuggers
  /// For patches of consistency `entry`: publish each jump by a breakpoint, with the target running.
  bool no_stop = false;
  bool from_file = false;  ///< apply: map the patch from `origin`, so that tools name its code by that file
};

/// What the search for stacks of no thread took.
struct ForeignSearch {
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds time{0};
};

struct ReplacedReport {
  std::string name;
  std::string module;
  RemoteAddress entry;
  RemoteAddress replacement;
};

/// What an apply or a revert did, read back from the target.
struct Report {
  Pid pid;
  std::string patch_name;
  BuildId patch_id;
  std::vector<ReplacedReport> functions;
  std::size_t threads = 0;
  unsigned tries = 0;                       ///< stops needed until quiescent
  std::chrono::nanoseconds stop_window{0};  ///< of the last stop: first thread stopped to last resumed
  /// Without a stop: the longest that one thread was held while the jumps were published.
  std::optional<std::chrono::nanoseconds> longest_pause;
  std::chrono::nanoseconds total{0};  ///< the whole call
  std::vector<StopPhase> phases;      ///< what the last stop was spent on
  ForeignSearch search;               ///< part of the stop
  std::vector<std::string> notes;     ///< what went wrong without undoing the change
};

/// A patch found in a target.
struct Applied {
  std::string name;
  BuildId id;
  std::string description;
  std::int64_t applied_at = 0;  ///< seconds since the epoch
  std::vector<ReplacedReport> functions;
  RemoteRange memory;
  std::vector<RemoteAddress> segments;  ///< of all images, in the order of the patch
  std::string origin;                   ///< the file it was applied from, as given then
  /// "applied", or what an interrupted stent left behind ("incomplete"), or "retained" (reverted, memory
  /// kept), or "unloaded", "partly unloaded" (its libraries have left the process).
  std::string state;
  bool has_untold_unwinder = false;  ///< loaded since; the next command that changes the process tells it
};

/// Applies `patch` to the process; all of it or nothing.
/// Throws gone, not_permitted, unsupported, mismatch, busy, already_applied, traced, and `refused` for what
/// cannot be done without a stop.
Report apply(const patch::Patch& patch, Pid pid, const Options& options);

/// Would `apply` work now? Changes nothing in the target; waits and throws as `apply` would.
Report check(const patch::Patch& patch, Pid pid, const Options& options);

/// Takes the patch with this identity out again. Throws not_applied and as `apply`.
Report revert(const BuildId& patch_id, Pid pid, const Options& options);

/// The patches in one process, oldest first.
std::vector<Applied> list(Pid pid);

/// Every process in /proc that stent may look at and in which all modules of `patch` are mapped.
std::vector<Pid> processes_of(const patch::Patch& patch);

/// Every process in /proc that stent may look at and that carries at least one patch.
std::vector<Pid> patched_processes();

}  // namespace stent::transaction
