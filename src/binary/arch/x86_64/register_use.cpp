#include "binary/arch/x86_64/register_use.hpp"

#include <Zydis/Zydis.h>

#include <optional>

#include "base/error.hpp"

namespace stent::x86_64 {
namespace {

/// Position of a register, whatever part of it is named; empty for flags, segments, rip and masks.
std::optional<std::size_t> position(ZydisRegister part) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
  if (whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15)
    return static_cast<std::size_t>(whole - ZYDIS_REGISTER_RAX);
  if (whole >= ZYDIS_REGISTER_ZMM0 && whole <= ZYDIS_REGISTER_ZMM31)
    return first_vector + static_cast<std::size_t>(whole - ZYDIS_REGISTER_ZMM0);
  return std::nullopt;
}

/// A result that does not depend on the operands when these are the same register.
bool is_independent(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_PXOR:
    case ZYDIS_MNEMONIC_XORPS:
    case ZYDIS_MNEMONIC_XORPD:
    case ZYDIS_MNEMONIC_VPXOR:
    case ZYDIS_MNEMONIC_VPXORD:
    case ZYDIS_MNEMONIC_VPXORQ:
    case ZYDIS_MNEMONIC_VXORPS:
    case ZYDIS_MNEMONIC_VXORPD: return true;
    default: return false;
  }
}

bool is_zeroing(const ZydisDecodedInstruction& in, const ZydisDecodedOperand* operands) {
  if (!is_independent(in.mnemonic) || in.operand_count_visible < 2) return false;
  const ZydisDecodedOperand& last = operands[in.operand_count_visible - 1];
  const ZydisDecodedOperand& other = operands[in.operand_count_visible - 2];
  return last.type == ZYDIS_OPERAND_TYPE_REGISTER && other.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         last.reg.value == other.reg.value && operands[0].size >= 32;
}

void add_operand(const ZydisDecodedOperand& operand, RegisterUse& use) {
  if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY)
    for (const ZydisRegister part : {operand.mem.base, operand.mem.index})
      if (const auto at = position(part)) use.read.set(*at);
  if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) return;
  const auto at = position(operand.reg.value);
  if (!at) return;
  const bool reads = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
  if (reads) use.read.set(*at);
  if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0) return;
  use.written.set(*at);
  // A write of 32 bits clears the upper half (Intel SDM vol. 1, 3.4.1.1), one of fewer keeps it; so does a
  // move between parts of vector registers, which is therefore not taken for whole.
  const bool is_whole = *at < first_vector ? operand.size >= 32 : operand.size >= 128;
  if (is_whole && !reads && (operand.actions & ZYDIS_OPERAND_ACTION_CONDWRITE) == 0) use.renewed.set(*at);
}

}  // namespace

RegisterUse register_use(ByteView code) {
  ZydisDecoder decoder;
  if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
    throw Error(ErrorCode::internal, "the instruction decoder did not start");
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  RegisterUse use;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &in, operands))) return use;
  for (std::size_t i = 0; i < in.operand_count; ++i) add_operand(operands[i], use);
  if (!is_zeroing(in, operands)) return use;
  if (const auto at = position(operands[0].reg.value)) use.renewed.set(*at);
  for (std::size_t i = 0; i < in.operand_count_visible; ++i)
    if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
      if (const auto at = position(operands[i].reg.value)) use.read.reset(*at);
  return use;
}

}  // namespace stent::x86_64
