// RemoteMemory over buffers, for tests.
#pragma once

#include <map>

#include "live/process/remote_memory.hpp"

namespace stent::process {

/// Regions that exist are those given to `map`; everything else is unmapped. Regions must not overlap.
class FakeMemory : public RemoteMemory {
 public:
  /// Makes `bytes` readable and writable at `at`.
  void map(RemoteAddress at, Bytes bytes);

  [[nodiscard]] bool try_read(RemoteAddress from, MutableByteView into) const override;
  void read_many(std::span<ReadRequest> requests) const override;
  void write(RemoteAddress to, ByteView bytes) override;

 private:
  std::map<RemoteAddress, Bytes> regions_;
};

}  // namespace stent::process
