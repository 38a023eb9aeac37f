#include "binary/arch/x86_64/decode.hpp"

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

/// True for a branch to a displacement in the instruction (not through a register or memory).
bool is_relative(const ZydisDecodedInstruction& in) { return in.raw.imm[0].is_relative != 0; }

Flow flow_of(const ZydisDecodedInstruction& in) {
  switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT3: return Flow::stop;
    case ZYDIS_MNEMONIC_JMP: return is_relative(in) ? Flow::jump : Flow::indirect_jump;
    default: break;
  }
  switch (in.meta.category) {
    case ZYDIS_CATEGORY_CALL: return is_relative(in) ? Flow::call : Flow::indirect_call;
    case ZYDIS_CATEGORY_RET: return Flow::ret;
    case ZYDIS_CATEGORY_COND_BR: return is_relative(in) ? Flow::conditional_jump : Flow::next;
    case ZYDIS_CATEGORY_UNCOND_BR: return is_relative(in) ? Flow::jump : Flow::indirect_jump;
    default: return Flow::next;
  }
}

/// One-byte and multi-byte nops, with any prefixes; not endbr64 and not `pause`, which Zydis names otherwise.
bool is_nop(const ZydisDecodedInstruction& in) { return in.mnemonic == ZYDIS_MNEMONIC_NOP; }

Field field(std::uint8_t offset, std::uint8_t bits) { return {offset, static_cast<std::uint8_t>(bits / 8)}; }

Instruction convert(const ZydisDecodedInstruction& in, std::uint32_t offset) {
  Instruction out;
  out.offset = offset;
  out.length = in.length;
  out.mnemonic = static_cast<std::uint16_t>(in.mnemonic);
  out.flow = flow_of(in);
  out.is_nop = is_nop(in);
  const std::int64_t end = out.end();
  for (const auto& immediate : in.raw.imm) {
    if (immediate.size == 0) continue;
    if (immediate.is_relative) {
      out.branch = field(immediate.offset, immediate.size);
      out.branch_target = end + immediate.value.s;
    } else if (!out.immediate) {
      out.immediate = field(immediate.offset, immediate.size);
    }
  }
  if (in.raw.disp.size != 0) {
    out.memory = field(in.raw.disp.offset, in.raw.disp.size);
    out.memory_is_rip_relative =
        (in.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && in.raw.modrm.mod == 0 && in.raw.modrm.rm == 5;
    if (out.memory_is_rip_relative) out.memory_target = end + in.raw.disp.value;
  }
  return out;
}

std::optional<Instruction> decode_at(ByteView code, std::uint32_t offset) {
  ZydisDecodedInstruction in;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder(), nullptr, code.data() + offset,
                                                  code.size() - offset, &in)))
    return {};
  return convert(in, offset);
}

}  // namespace

std::vector<Instruction> decode(ByteView code) {
  std::vector<Instruction> instructions;
  instructions.reserve(code.size() / 4);
  std::uint32_t offset = 0;
  while (offset < code.size()) {
    const auto next = decode_at(code, offset);
    if (!next) break;
    instructions.push_back(*next);
    offset = next->end();
  }
  return instructions;
}

std::optional<Instruction> decode_one(ByteView code) {
  if (code.empty()) return {};
  return decode_at(code, 0);
}

std::string disassemble_one(ByteView code, std::uint64_t address) {
  ZydisDecodedInstruction in;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder(), code.data(), code.size(), &in, operands)))
    return "(no instruction)";
  ZydisFormatter formatter;
  char text[256] = {};
  if (!ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) ||
      !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &in, operands, in.operand_count_visible, text,
                                                    sizeof text, address, nullptr)))
    return "(no instruction)";
  return text;
}

}  // namespace stent::x86_64
