// Finding where a function's return address stands by decoding the code ahead.
#pragma once

#include <functional>
#include <optional>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace stent::unwind {

/// Follows the code from `pc` (stack pointer `sp`, frame pointer `rbp`) over branches not taken and direct
/// jumps until it returns; the address of the word it returns through. It needs no call frame information, so
/// that the two can confirm each other. Empty when that cannot be told. `read` reads code.
[[nodiscard]] std::optional<RemoteAddress> return_slot(
    RemoteAddress pc, RemoteAddress sp, RemoteAddress rbp,
    const std::function<bool(RemoteAddress, MutableByteView)>& read);

}  // namespace stent::unwind
