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

/// Resumes the thread on destruction, with the registers it was stopped with unless `keep_registers` was
/// called.
class StoppedTracee {
 public:
  StoppedTracee(StoppedTracee&& other) noexcept;
  StoppedTracee& operator=(StoppedTracee&&) = delete;
  ~StoppedTracee();

  /// As they were when it stopped.
  [[nodiscard]] const StoppedThread& state() const { return state_; }
  [[nodiscard]] Registers registers() const;
  /// Throws `gone` when the thread was killed.
  void set_registers(const Registers& registers);
  /// The x87/SSE/AVX state in the kernel's XSAVE layout (NT_X86_XSTATE).
  [[nodiscard]] Bytes extended_state() const;
  void set_extended_state(ByteView state);

  /// The memory it can see; it holds while this thread is stopped.
  [[nodiscard]] process::RemoteMemory& memory();

  /// Lets the thread run from its present registers until it stops at `until` (a system call just finished
  /// there: see PTRACE_SYSCALL), holding back signals meanwhile. Throws `gone`, `busy` when not within
  /// `deadline`.
  void run_syscall(std::chrono::nanoseconds deadline);

 private:
  friend class Session;
  StoppedTracee(ThreadTable& threads, StoppedThread state);

  ThreadTable* threads_;
  StoppedThread state_;
};

}  // namespace stent::stop
