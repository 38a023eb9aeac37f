// ModuleMemory: what stands in a target's modules, each page read once.
#pragma once

#include <vector>

#include "live/process/page_cache.hpp"

namespace stent::process {

/// For what does not change while a module stays where it is: headers, symbols, the loader's lists of them.
class ModuleMemory : public RemoteMemory {
 public:
  explicit ModuleMemory(const RemoteMemory& memory) : memory_(&memory), pages_(memory) {}

  [[nodiscard]] bool try_read(RemoteAddress from, MutableByteView into) const override;
  void read_many(std::span<ReadRequest> requests) const override;
  /// Throws `internal`: this is memory that is only looked at.
  void write(RemoteAddress to, ByteView bytes) override;

  /// Reads the pages of these addresses at once.
  void fetch(const std::vector<RemoteAddress>& addresses) const { pages_.fetch(addresses); }
  void forget() const { pages_.forget(); }

 private:
  const RemoteMemory* memory_;
  mutable PageCache pages_;
};

}  // namespace stent::process
