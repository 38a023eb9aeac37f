// PageCache: small reads of a target's memory served from pages read once.
#pragma once

#include <unordered_map>
#include <vector>

#include "live/process/remote_memory.hpp"

namespace stent::process {

class PageCache {
 public:
  explicit PageCache(const RemoteMemory& memory) : memory_(&memory) {}

  /// False when a byte cannot be read.
  [[nodiscard]] bool read(RemoteAddress from, MutableByteView into);
  /// Reads the pages of these addresses at once.
  void fetch(const std::vector<RemoteAddress>& addresses);
  void forget() { pages_.clear(); }

 private:
  [[nodiscard]] const Bytes& page(std::uint64_t number);

  const RemoteMemory* memory_;
  std::unordered_map<std::uint64_t, Bytes> pages_;  ///< empty: not readable
};

}  // namespace stent::process
