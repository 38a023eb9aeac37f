// Unwinder: call chains of stopped threads, by libunwind over the target's memory, each with a measure of
// trust.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"
#include "live/unwind/thread_state.hpp"

namespace stent::unwind {

/// Where the call frame information of some code stands in the target.
struct UnwindTable {
  RemoteRange code;
  RemoteRange eh_frame_hdr;
};

/// Tables of the modules that have one.
[[nodiscard]] std::vector<UnwindTable> unwind_tables(std::span<const process::Module> modules);

struct Frame {
  RemoteAddress pc;  ///< next instruction of the innermost frame, return address of all others
  RemoteAddress sp;
};

/// A call chain, innermost frame first.
struct CallChain {
  std::vector<Frame> frames;
  /// Every step was described by call frame information, every return address follows a call, the stack
  /// pointer strictly rises, the thread is at a system call, no signal frame is in between, and the end is a
  /// frame that says it is the outermost one. Only then may a word found on the stack be called stale.
  bool is_certain = false;
};

/// Valid while the process lives; unchanging memory of modules is read once.
class Unwinder {
 public:
  Unwinder(const process::RemoteMemory& memory, std::vector<UnwindTable> tables);
  Unwinder(const Unwinder&) = delete;
  Unwinder& operator=(const Unwinder&) = delete;
  ~Unwinder();

  /// The chain of a thread that is stopped during the call.
  [[nodiscard]] CallChain walk(const ThreadState& thread);

 private:
  class Accessors;
  std::unique_ptr<Accessors> accessors_;
};

}  // namespace stent::unwind
