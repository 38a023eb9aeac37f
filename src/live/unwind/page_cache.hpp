// PageCache: small reads of a target's memory served from pages read once.
#pragma once

#include <unordered_map>

#include "live/process/remote_memory.hpp"

namespace stent::unwind {

class PageCache {
 public:
  explicit PageCache(const process::RemoteMemory& memory) : memory_(&memory) {}

  /// False when a byte cannot be read.
  [[nodiscard]] bool read(RemoteAddress from, MutableByteView into);
  void forget() { pages_.clear(); }

 private:
  [[nodiscard]] const Bytes& page(std::uint64_t number);

  const process::RemoteMemory* memory_;
  std::unordered_map<std::uint64_t, Bytes> pages_;  ///< empty: not readable
};

}  // namespace stent::unwind
