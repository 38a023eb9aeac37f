// One instruction with what it does to which operands, as far as following values needs it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::x86_64 {

/// A general register by its number in the encoding (rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7,
/// r8..r15); `none` for everything else.
struct Register {
  static constexpr std::uint8_t none_number = 255;
  std::uint8_t number = none_number;

  [[nodiscard]] bool exists() const { return number != none_number; }
  auto operator<=>(const Register&) const = default;
};

inline constexpr Register rax{0};
inline constexpr Register rsp{4};
inline constexpr Register rbp{5};
/// The registers of integer arguments, in order (psABI 3.2.3).
inline constexpr std::array<Register, 6> argument_registers{Register{7}, Register{6}, Register{2},
                                                            Register{1}, Register{8}, Register{9}};
/// True for those that a call may change.
[[nodiscard]] bool is_clobbered_by_calls(Register r);

enum class Operation {
  move,          ///< mov, movzx, movsx, movabs
  load_address,  ///< lea
  add,           ///< add, inc
  subtract,      ///< sub, dec
  multiply,      ///< imul, mul
  divide,        ///< div, idiv
  and_,
  or_,
  xor_,
  shift_left,
  shift_right,         ///< shr
  shift_right_signed,  ///< sar
  rotate,
  negate,
  invert,  ///< not
  borrow,  ///< sbb
  carry,   ///< adc
  compare,
  test,           ///< test, bt
  set_condition,  ///< setcc
  conditional_move,
  push,
  pop,
  exchange,  ///< xchg, cmpxchg, xadd
  fence,
  system_call,
  other,
};

/// One explicit operand.
struct Operand {
  enum class Kind { none, register_, memory, immediate } kind = Kind::none;
  Register reg;          ///< Kind::register_; does not exist for vector registers
  Register base, index;  ///< Kind::memory
  std::uint8_t scale = 0;
  bool is_rip_relative = false;
  bool is_thread_local = false;  ///< relative to fs
  std::int64_t number = 0;       ///< displacement or immediate
  std::uint8_t size = 0;         ///< bytes accessed
  bool read = false, written = false;
};

/// What an instruction does with floating-point values.
enum class FloatOperation { none, scale, sum, compare };

struct Step {
  Instruction instruction;
  Operation operation = Operation::other;
  FloatOperation on_floats = FloatOperation::none;
  bool is_atomic = false;      ///< lock prefix, or xchg with memory
  bool extends_zero = false;   ///< movzx
  bool swaps_bytes = false;    ///< bswap, movbe, or the rotation that swaps two
  std::uint8_t condition = 0;  ///< of setcc, cmovcc, jcc: the low four bits of the opcode
  std::array<Operand, 3> operands;
};

/// As `decode`, with operands.
[[nodiscard]] std::vector<Step> decode_steps(ByteView code);

}  // namespace stent::x86_64
