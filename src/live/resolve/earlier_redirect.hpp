// A redirect that stands in the target already, as its record tells it.
#pragma once

#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace stent::resolve {

/// A redirect that an earlier patch wrote: what its entry held before and holds since.
struct EarlierRedirect {
  RemoteAddress entry;
  Bytes before;
  Bytes written;
  std::vector<RemoteRange> claimed;  ///< of the module: the function's own code, and its island
  RemoteRange island{};              ///< size 0: none
  Bytes island_before{};             ///< the padding
  bool leaves = false;               ///< its patch goes when the one comes that is resolved
};

}  // namespace stent::resolve
