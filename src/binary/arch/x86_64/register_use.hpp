// Which registers one instruction reads and writes, whole registers by position.
#pragma once

#include <bitset>

#include "base/bytes.hpp"

namespace stent::x86_64 {

using RegisterSet = std::bitset<64>;  ///< bit 0-15: general, by encoding; bit 16-47: vector
inline constexpr std::size_t first_vector = 16, vectors = 32;

struct RegisterUse {
  RegisterSet read;     ///< addresses and hidden operands included; not by `xor eax, eax` and its like
  RegisterSet written;  ///< in whatever part
  RegisterSet renewed;  ///< written so that nothing is left of what it held
};

/// Of the one instruction that `code` starts with; empty sets for what cannot be decoded.
[[nodiscard]] RegisterUse register_use(ByteView code);

}  // namespace stent::x86_64
