// Unwinder: call chains of stopped threads, by libunwind over the target's memory, each with a measure of
// trust.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "live/process/module.hpp"
#include "live/process/remote_memory.hpp"
#include "live/unwind/frame_index.hpp"
#include "live/unwind/stack_snapshot.hpp"

namespace stent::unwind {

/// Where the call frame information of some code stands in the target.
struct UnwindTable {
  RemoteRange code;
  RemoteRange eh_frame_hdr;                      ///< empty where `index` stands instead
  std::shared_ptr<const FrameIndex> index = {};  ///< relative to `code.begin`
};

/// Tables of the modules that have one.
[[nodiscard]] std::vector<UnwindTable> unwind_tables(std::span<const process::Module> modules);

struct Frame {
  /// Next instruction of the innermost frame and of one that a signal interrupted; of all others the return
  /// address.
  RemoteAddress pc;
  RemoteAddress sp;
  bool is_interrupted = false;
};

/// A call chain, innermost frame first.
struct CallChain {
  std::vector<Frame> frames;
  /// Every step was described by call frame information, every return address follows a call, the stack
  /// pointer strictly rises (but where a signal came on an alternate stack), an interrupted program counter
  /// is at a system call or decoding the code ahead finds the same return address, and the end has nothing to
  /// return to. Only then may a word found on the stack be called stale, and only between the chain's ends.
  bool is_certain = false;
};

/// Valid while the process lives; unchanging memory of modules is read once.
class Unwinder {
 public:
  Unwinder(const process::RemoteMemory& memory, std::vector<UnwindTable> tables);
  Unwinder(const Unwinder&) = delete;
  Unwinder& operator=(const Unwinder&) = delete;
  ~Unwinder();

  /// The chain of a snapshot, of at most `most_frames` frames; a longer one is cut off and not certain. Reads
  /// only the snapshot and what never changes (code, tables), so that the thread may run meanwhile. `pause`
  /// is called now and then on the way.
  [[nodiscard]] CallChain walk(const StackSnapshot& snapshot, std::size_t most_frames,
                               const std::function<void()>& pause);

 private:
  class Accessors;
  std::unique_ptr<Accessors> accessors_;
};

}  // namespace stent::unwind
