// RemoteMemory of a real process: process_vm_readv for reading, /proc/PID/mem for the rest.
#pragma once

#include "base/error.hpp"
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
  /// Throws `not_permitted` where the kernel or the way /proc is mounted forbids writing so.
  void write(RemoteAddress to, ByteView bytes) override;

  /// False once the address space has no user left: the process ended or replaced itself by exec.
  [[nodiscard]] bool exists() const;

 private:
  [[nodiscard]] bool read_by_file(RemoteAddress from, MutableByteView into) const;
  [[nodiscard]] Error cannot_write(RemoteAddress to, int error) const;

  Tid tid_;
  UniqueFd mem_;
};

}  // namespace stent::process
