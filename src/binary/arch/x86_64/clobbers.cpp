#include "binary/arch/x86_64/clobbers.hpp"

#include <Zydis/Zydis.h>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::x86_64 {
namespace {

constexpr std::size_t kFirstVector = 16, kVectors = 32;

/// Position of a register, whatever part of it is named; empty for flags, segments, rip and masks.
std::optional<std::size_t> position(ZydisRegister part) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
  if (whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15)
    return static_cast<std::size_t>(whole - ZYDIS_REGISTER_RAX);
  if (whole >= ZYDIS_REGISTER_ZMM0 && whole <= ZYDIS_REGISTER_ZMM31)
    return kFirstVector + static_cast<std::size_t>(whole - ZYDIS_REGISTER_ZMM0);
  return std::nullopt;
}

void add_written(ByteView code, const ZydisDecoder& decoder, RegisterSet& written) {
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &in, operands))) return;
  for (std::size_t i = 0; i < in.operand_count; ++i) {
    const ZydisDecodedOperand& operand = operands[i];
    const bool writes = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    if (!writes || operand.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
    if (const auto at = position(operand.reg.value)) written.set(*at);
  }
}

}  // namespace

RegisterSet call_clobbered() {
  RegisterSet set;
  for (const std::size_t general : {0U, 1U, 2U, 6U, 7U, 8U, 9U, 10U, 11U}) set.set(general);
  for (std::size_t vector = 0; vector < kVectors; ++vector) set.set(kFirstVector + vector);
  return set;
}

Clobbers clobbers_of(ByteView code) {
  ZydisDecoder decoder;
  if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
    throw Error(ErrorCode::internal, "the instruction decoder did not start");
  Clobbers out;
  const auto instructions = decode(code);
  out.is_whole = !instructions.empty() && instructions.back().end() == code.size();
  for (const Instruction& one : instructions) {
    add_written(code.subspan(one.offset, one.length), decoder, out.written);
    out.calls_indirectly = out.calls_indirectly || one.flow == Flow::indirect_call;
    const bool leaves = one.branch_target && (*one.branch_target < 0 ||
                                              *one.branch_target >= static_cast<std::int64_t>(code.size()));
    if (one.branch_target && (leaves || one.flow == Flow::call))
      out.call_targets.push_back(*one.branch_target);
  }
  out.written &= call_clobbered();
  return out;
}

std::string names_of(const RegisterSet& registers) {
  std::string names;
  for (std::size_t i = 0; i < kFirstVector + kVectors; ++i) {
    if (!registers.test(i)) continue;
    const auto id = i < kFirstVector ? ZYDIS_REGISTER_RAX + i : ZYDIS_REGISTER_XMM0 + i - kFirstVector;
    names +=
        (names.empty() ? "" : ", ") + std::string(ZydisRegisterGetString(static_cast<ZydisRegister>(id)));
  }
  return names;
}

}  // namespace stent::x86_64
