// What one x86-64 instruction does to the stack pointer.
#pragma once

#include <cstdint>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::x86_64 {

struct StackEffect {
  enum class Kind {
    moves,               ///< sp += by (0 for most instructions, and for calls, which return)
    from_frame_pointer,  ///< sp = rbp + by; `leave` then also pops rbp
    unknown,
  };
  Kind kind = Kind::moves;
  std::int64_t by = 0;
  bool changes_frame_pointer = false;  ///< rbp holds something else afterwards
};

/// Of the instruction at the start of `code`, with control going on after it. `ret` counts as 0.
[[nodiscard]] StackEffect stack_effect(ByteView code);

}  // namespace stent::x86_64
