// RemoteMemory of a real process: process_vm_readv for reading, /proc/PID/mem for the rest.
#pragma once

#include "base/pid.hpp"
#include "base/unique_fd.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::process {

/// Memory of the process that `tid` belongs to. It names one address space for good: after an exec or
/// the end of the process, every call throws `gone`.
class ProcessMemory : public RemoteMemory {
 public:
  /// Opens /proc/TID/mem; throws `gone`, `not_permitted`.
  explicit ProcessMemory(Tid tid);

  [[nodiscard]] bool try_read(RemoteAddress from, MutableByteView into) const override;
  void read_many(std::span<ReadRequest> requests) const override;
  /// Uses /proc/TID/mem, and PTRACE_POKEDATA where the kernel forbids that (needs `tid` stopped).
  void write(RemoteAddress to, ByteView bytes) override;

 private:
  [[nodiscard]] bool read_by_file(RemoteAddress from, MutableByteView into) const;
  void poke(RemoteAddress to, ByteView bytes);

  Tid tid_;
  UniqueFd mem_;
};

}  // namespace stent::process
