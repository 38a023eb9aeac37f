#include "binary/arch/x86_64/step.hpp"

#include <Zydis/Zydis.h>

namespace stent::x86_64 {
namespace {

const ZydisDecoder& decoder() {
  static const ZydisDecoder instance = [] {
    ZydisDecoder d;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
      throw Error(ErrorCode::internal, "the instruction decoder did not start");
    return d;
  }();
  return instance;
}

Operation by_category(const ZydisDecodedInstruction& in) {
  switch (in.meta.category) {
    case ZYDIS_CATEGORY_CMOV: return Operation::conditional_move;
    case ZYDIS_CATEGORY_PUSH: return Operation::push;
    case ZYDIS_CATEGORY_POP: return Operation::pop;
    case ZYDIS_CATEGORY_SYSCALL: return Operation::system_call;
    default: break;
  }
  // setcc: 0F 90 .. 0F 9F.
  const bool is_set = in.opcode_map == ZYDIS_OPCODE_MAP_0F && (in.opcode & 0xf0) == 0x90;
  return is_set ? Operation::set_condition : Operation::other;
}

Operation operation_of(const ZydisDecodedInstruction& in) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD: return Operation::move;
    case ZYDIS_MNEMONIC_LEA: return Operation::load_address;
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_INC: return Operation::add;
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_DEC: return Operation::subtract;
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_MUL: return Operation::multiply;
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV: return Operation::divide;
    case ZYDIS_MNEMONIC_AND: return Operation::and_;
    case ZYDIS_MNEMONIC_OR: return Operation::or_;
    case ZYDIS_MNEMONIC_XOR: return Operation::xor_;
    case ZYDIS_MNEMONIC_SHL: return Operation::shift_left;
    case ZYDIS_MNEMONIC_SHR: return Operation::shift_right;
    case ZYDIS_MNEMONIC_SAR: return Operation::shift_right_signed;
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR: return Operation::rotate;
    case ZYDIS_MNEMONIC_NEG: return Operation::negate;
    case ZYDIS_MNEMONIC_NOT: return Operation::invert;
    case ZYDIS_MNEMONIC_SBB: return Operation::borrow;
    case ZYDIS_MNEMONIC_ADC: return Operation::carry;
    case ZYDIS_MNEMONIC_CMP: return Operation::compare;
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_BT: return Operation::test;
    case ZYDIS_MNEMONIC_XCHG:
    case ZYDIS_MNEMONIC_CMPXCHG:
    case ZYDIS_MNEMONIC_CMPXCHG16B:
    case ZYDIS_MNEMONIC_XADD: return Operation::exchange;
    case ZYDIS_MNEMONIC_MFENCE:
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_SFENCE: return Operation::fence;
    default: return by_category(in);
  }
}

FloatOperation on_floats(const ZydisDecodedInstruction& in) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_MULSS:
    case ZYDIS_MNEMONIC_MULSD:
    case ZYDIS_MNEMONIC_MULPS:
    case ZYDIS_MNEMONIC_MULPD:
    case ZYDIS_MNEMONIC_DIVSS:
    case ZYDIS_MNEMONIC_DIVSD:
    case ZYDIS_MNEMONIC_DIVPS:
    case ZYDIS_MNEMONIC_DIVPD: return FloatOperation::scale;
    case ZYDIS_MNEMONIC_ADDSS:
    case ZYDIS_MNEMONIC_ADDSD:
    case ZYDIS_MNEMONIC_SUBSS:
    case ZYDIS_MNEMONIC_SUBSD: return FloatOperation::sum;
    case ZYDIS_MNEMONIC_COMISS:
    case ZYDIS_MNEMONIC_COMISD:
    case ZYDIS_MNEMONIC_UCOMISS:
    case ZYDIS_MNEMONIC_UCOMISD: return FloatOperation::compare;
    default: return FloatOperation::none;
  }
}

Register general(ZydisRegister raw) {
  const ZydisRegister wide = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, raw);
  if (wide < ZYDIS_REGISTER_RAX || wide > ZYDIS_REGISTER_R15) return {};
  return {static_cast<std::uint8_t>(wide - ZYDIS_REGISTER_RAX)};
}

Operand convert(const ZydisDecodedOperand& raw) {
  Operand out;
  out.size = static_cast<std::uint8_t>(raw.size / 8);
  out.read = (raw.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
  out.written = (raw.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
  switch (raw.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
      out.kind = Operand::Kind::register_;
      out.reg = general(raw.reg.value);
      break;
    case ZYDIS_OPERAND_TYPE_MEMORY:
      out.kind = Operand::Kind::memory;
      out.base = general(raw.mem.base);
      out.index = general(raw.mem.index);
      out.scale = raw.mem.scale;
      out.is_rip_relative = raw.mem.base == ZYDIS_REGISTER_RIP;
      out.is_thread_local = raw.mem.segment == ZYDIS_REGISTER_FS;
      out.number = raw.mem.disp.value;
      break;
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      out.kind = Operand::Kind::immediate;
      out.number = raw.imm.value.s;
      break;
    default: break;
  }
  return out;
}

bool has_condition(const ZydisDecodedInstruction& in, Operation operation) {
  return operation == Operation::set_condition || operation == Operation::conditional_move ||
         in.meta.category == ZYDIS_CATEGORY_COND_BR;
}

Step step_at(const Instruction& instruction, ByteView code) {
  Step step;
  step.instruction = instruction;
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder(), code.data(), code.size(), &in, operands))) return step;
  step.operation = operation_of(in);
  step.on_floats = on_floats(in);
  step.extends_zero = in.mnemonic == ZYDIS_MNEMONIC_MOVZX;
  step.is_atomic = (in.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0;
  if (has_condition(in, step.operation)) step.condition = in.opcode & 0x0f;
  for (std::size_t i = 0; i < std::min<std::size_t>(in.operand_count_visible, step.operands.size()); ++i)
    step.operands[i] = convert(operands[i]);
  const bool rotates_half = step.operation == Operation::rotate && step.operands[0].size == 2 &&
                            step.operands[1].kind == Operand::Kind::immediate && step.operands[1].number == 8;
  step.swaps_bytes =
      in.mnemonic == ZYDIS_MNEMONIC_BSWAP || in.mnemonic == ZYDIS_MNEMONIC_MOVBE || rotates_half;
  const bool to_memory =
      step.operands[0].kind == Operand::Kind::memory || step.operands[1].kind == Operand::Kind::memory;
  if (in.mnemonic == ZYDIS_MNEMONIC_XCHG && to_memory) step.is_atomic = true;
  return step;
}

}  // namespace

bool is_clobbered_by_calls(Register r) {
  switch (r.number) {
    case 3:
    case 4:
    case 5:
    case 12:
    case 13:
    case 14:
    case 15: return false;
    default: return true;
  }
}

std::vector<Step> decode_steps(ByteView code) {
  std::vector<Step> steps;
  for (const Instruction& instruction : decode(code))
    steps.push_back(step_at(instruction, code.subspan(instruction.offset, instruction.length)));
  return steps;
}

}  // namespace stent::x86_64
