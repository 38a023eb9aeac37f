// StoppedTracee: one thread of the target that is stopped for as long as this lives.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "live/process/remote_memory.hpp"
#include "live/stop/stopped_thread.hpp"

namespace stent::stop {

class ThreadTable;

/// Destroying it restores the registers and the signal mask it was stopped with and lets the thread go on.
class StoppedTracee {
 public:
  StoppedTracee(StoppedTracee&& other) noexcept;
  StoppedTracee& operator=(StoppedTracee&&) = delete;
  ~StoppedTracee();

  /// As it was when it stopped.
  [[nodiscard]] const StoppedThread& state() const { return state_; }
  /// As they are now; throws `gone` when the thread was killed.
  [[nodiscard]] Registers registers() const;
  /// Throws `gone` when the thread was killed.
  void set_registers(const Registers& registers);
  /// The x87/SSE/AVX state in the kernel's XSAVE layout (NT_X86_XSTATE); throws `gone`.
  [[nodiscard]] Bytes extended_state() const;
  /// Put back at the end. Throws `gone`.
  void set_extended_state(ByteView state);
  /// Bit N-1 is signal N. For a thread inside ppoll and its like: the mask it will have afterwards.
  [[nodiscard]] std::uint64_t signal_mask() const;
  void set_signal_mask(std::uint64_t mask);

  /// The memory of the target.
  [[nodiscard]] process::RemoteMemory& memory();

  /// Lets the thread run from its present registers, which must stand at a `syscall` instruction, until that
  /// call is done; returns what it returned. Signals must be blocked (`set_signal_mask(all)`) lest one gets
  /// between. Afterwards the thread is stopped again where registers may be restored. Throws `gone`, `busy`
  /// (not done within `patience`; the thread then still runs and is stopped again as soon as it can be).
  std::int64_t run_syscall(std::chrono::nanoseconds patience);

  /// How `run_function` ended.
  struct End {
    enum class Kind { returned, faulted, unfinished };
    Kind kind = Kind::returned;
    int signal = 0;  ///< of a fault
  };
  using IsEnd = std::function<bool(const Registers&)>;
  /// Lets the thread run from its present registers until it enters the system call at which `is_end` holds,
  /// while the other threads run too; `at_end` is called there. The call is then skipped and the thread
  /// stopped as after `run_syscall`. A fault on the way is not delivered. When the thread is not done within
  /// `patience` it keeps running and is no longer this object's: it must find its way back by itself.
  End run_function(const IsEnd& is_end, const std::function<void()>& at_end,
                   std::chrono::nanoseconds patience);

 private:
  friend class Session;
  StoppedTracee(ThreadTable& threads, StoppedThread state);
  void stop_again(std::chrono::steady_clock::time_point deadline);

  ThreadTable* threads_;
  StoppedThread state_;
  std::optional<std::uint64_t> mask_;
  std::optional<Bytes> extended_;
  bool changed_ = false;
};

}  // namespace stent::stop
