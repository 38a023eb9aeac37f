// Which registers code expects to find unchanged after its calls.
#pragma once

#include <functional>
#include <vector>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/register_use.hpp"

namespace stent::x86_64 {

/// A call, and the registers that a function may destroy by the psABI but whose value before this call may be
/// used after it. None by a compiler that knows nothing of the callee but the psABI, except where it cannot
/// be told what is used elsewhere.
struct KeptAcross {
  Instruction call;
  RegisterSet registers;
};

/// What is known of the branches of a piece of code.
struct Callees {
  /// At least what the callee of a call destroys; what it destroys is not expected back.
  std::function<RegisterSet(const Instruction&)> destroyed;
  /// True for a branch that does not lead to its displacement (a relocation stands there): out of the code.
  std::function<bool(const Instruction&)> leaves;
  /// What may be used where a call, or a jump that leaves the code, leads. Of a call only arguments count.
  std::function<RegisterSet(const Instruction&)> used;
  /// What the code itself may return in registers; none for `used_at_entry`: what its caller uses of what it
  /// hands through, that caller knows.
  RegisterSet results;
};

/// psABI 3.2.3: those that can hold an argument (the static chain in r10 and the count in rax included), the
/// n-th of the class INTEGER, the n-th of the class SSE, and those that can hold a result.
[[nodiscard]] RegisterSet every_argument();
[[nodiscard]] RegisterSet every_result();
[[nodiscard]] RegisterSet first_arguments(std::size_t integers, std::size_t of_vectors);
[[nodiscard]] RegisterSet integer_result();
[[nodiscard]] RegisterSet vector_result();

/// The direct calls of `code`, with what is kept across each. Where control goes somewhere unknown,
/// everything may be used.
[[nodiscard]] std::vector<KeptAcross> kept_across_calls(ByteView code, const Callees& callees);

/// The registers whose value at the first byte of `code` may be used, of those that a call may destroy.
[[nodiscard]] RegisterSet used_at_entry(ByteView code, const Callees& callees);

}  // namespace stent::x86_64
