#include "binary/arch/x86_64/stack_effect.hpp"

#include <Zydis/Zydis.h>

#include <array>

namespace stent::x86_64 {
namespace {

constexpr StackEffect unknown{StackEffect::Kind::unknown, 0, true};

struct Decoded {
  ZydisDecodedInstruction instruction;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;

  [[nodiscard]] bool writes(ZydisRegister wanted) const {
    for (std::size_t i = 0; i < instruction.operand_count; ++i) {
      const ZydisDecodedOperand& o = operands[i];
      if (o.type == ZYDIS_OPERAND_TYPE_REGISTER && (o.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 &&
          ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, o.reg.value) == wanted)
        return true;
    }
    return false;
  }
};

/// `mov rsp, rbp`, `lea rsp, [rbp + n]`, `lea rsp, [rsp + n]`, `add/sub rsp, n`.
StackEffect computed(const Decoded& decoded, bool changes_frame_pointer) {
  const ZydisDecodedOperand& from = decoded.operands[1];
  const auto is_plain = [&](ZydisRegister base) {
    return from.type == ZYDIS_OPERAND_TYPE_MEMORY && from.mem.base == base &&
           from.mem.index == ZYDIS_REGISTER_NONE;
  };
  using Kind = StackEffect::Kind;
  switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
      if (from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return {Kind::moves, from.imm.value.s, false};
      return unknown;
    case ZYDIS_MNEMONIC_SUB:
      if (from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return {Kind::moves, -from.imm.value.s, false};
      return unknown;
    case ZYDIS_MNEMONIC_MOV:
      if (from.type == ZYDIS_OPERAND_TYPE_REGISTER && from.reg.value == ZYDIS_REGISTER_RBP)
        return {Kind::from_frame_pointer, 0, false};
      return unknown;
    case ZYDIS_MNEMONIC_LEA:
      if (is_plain(ZYDIS_REGISTER_RSP)) return {Kind::moves, from.mem.disp.value, changes_frame_pointer};
      if (is_plain(ZYDIS_REGISTER_RBP)) return {Kind::from_frame_pointer, from.mem.disp.value, false};
      return unknown;
    default: return unknown;
  }
}

}  // namespace

StackEffect stack_effect(ByteView code) {
  constexpr std::int64_t word = 8;
  static const ZydisDecoder decoder = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return made;
  }();
  Decoded decoded;  // NOLINT: the decoder fills it
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &decoded.instruction,
                                           decoded.operands.data())))
    return unknown;
  using Kind = StackEffect::Kind;
  const bool frame = decoded.writes(ZYDIS_REGISTER_RBP);
  const auto size = static_cast<std::int64_t>(decoded.instruction.operand_width / 8);
  switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CALL:
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_SYSCALL: return {};
    case ZYDIS_MNEMONIC_LEAVE: return {Kind::from_frame_pointer, word, true};
    case ZYDIS_MNEMONIC_PUSH:
    case ZYDIS_MNEMONIC_PUSHFQ: return size == word ? StackEffect{Kind::moves, -word, false} : unknown;
    case ZYDIS_MNEMONIC_POP:
      if (decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
          decoded.operands[0].reg.value == ZYDIS_REGISTER_RSP)
        return unknown;
      return size == word ? StackEffect{Kind::moves, word, frame} : unknown;
    case ZYDIS_MNEMONIC_POPFQ: return {Kind::moves, word, false};
    default: break;
  }
  if (!decoded.writes(ZYDIS_REGISTER_RSP)) return {Kind::moves, 0, frame};
  return computed(decoded, frame);
}

}  // namespace stent::x86_64
