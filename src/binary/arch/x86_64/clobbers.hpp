// Which registers a piece of code destroys for its caller.
#pragma once

#include <string>
#include <vector>

#include "binary/arch/x86_64/register_use.hpp"

namespace stent::x86_64 {

struct Clobbers {
  RegisterSet written;
  bool is_whole = true;                    ///< every byte was decoded
  bool calls_indirectly = false;           ///< or by an instruction whose target is not in it
  std::vector<std::int64_t> call_targets;  ///< direct calls, and jumps that leave; from the start of the code
};

[[nodiscard]] Clobbers clobbers_of(ByteView code);
/// The registers that a function may destroy by the psABI (3.2.3): rax, rcx, rdx, rsi, rdi, r8-r11, and the
/// vector registers 0-31.
[[nodiscard]] RegisterSet call_clobbered();
/// "rax, xmm3"
[[nodiscard]] std::string names_of(const RegisterSet& registers);

}  // namespace stent::x86_64
