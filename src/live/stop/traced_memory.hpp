// TracedMemory: the memory of a target, written by whichever way the kernel allows.
#pragma once

#include <functional>

#include "base/pid.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::stop {

/// Reads and writes as `below` does; where `below` is not permitted to write (proc_mem.force_override, /proc
/// mounted read-only), writes with PTRACE_POKEDATA.
class TracedMemory : public process::RemoteMemory {
 public:
  /// Calls its argument with a thread of the target that is stopped under stent's trace; throws when it has
  /// none.
  using WithStopped = std::function<void(const std::function<void(Tid)>&)>;

  TracedMemory(process::RemoteMemory& below, WithStopped with_stopped)
      : below_(&below), with_stopped_(std::move(with_stopped)) {}

  [[nodiscard]] bool try_read(RemoteAddress from, MutableByteView into) const override {
    return below_->try_read(from, into);
  }
  void read_many(std::span<process::ReadRequest> requests) const override { below_->read_many(requests); }
  /// Only a write within one aligned eight bytes is one atomic step when it has to be poked.
  void write(RemoteAddress to, ByteView bytes) override;

 private:
  process::RemoteMemory* below_;
  WithStopped with_stopped_;
};

}  // namespace stent::stop
