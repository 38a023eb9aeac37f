// Putting right the breakpoints that a killed guardian left.
#pragma once

#include <span>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "live/process/remote_memory.hpp"

namespace stent::publish {

/// Where a breakpoint stands at `entry` before the rest of one of `candidates`, bytes that the entry had or
/// was to have, gives it that one's first byte: one write, good for threads wherever they are. False where
/// nothing had to be done.
bool mend(process::RemoteMemory& memory, RemoteAddress entry, std::span<const Bytes> candidates);

}  // namespace stent::publish
