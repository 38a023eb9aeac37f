#include "binary/arch/x86_64/format.hpp"

#include <Zydis/Zydis.h>
#include <fmt/core.h>

#include <array>

namespace stent::x86_64 {
namespace {

/// What the hooks below are told about the instruction they print.
struct Naming {
  const NameOfField* name;
  bool without_targets;
};

ZydisFormatterFunc print_address, print_immediate, print_displacement;

ZyanStatus append(ZydisFormatterBuffer* buffer, const std::string& text) {
  ZYAN_CHECK(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL));
  ZyanString* string = nullptr;
  ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
  ZyanStringView view;
  ZYAN_CHECK(ZyanStringViewInsideBufferEx(&view, text.data(), text.size()));
  return ZyanStringAppend(string, &view);
}

const Naming& naming(const ZydisFormatterContext* context) {
  return *static_cast<const Naming*>(context->user_data);
}

std::string name_of(const ZydisFormatterContext* context, std::uint8_t offset, std::uint8_t bits) {
  return bits == 0 ? std::string() : (*naming(context).name)(offset, static_cast<std::uint8_t>(bits / 8));
}

ZyanStatus name_address(const ZydisFormatter* formatter, ZydisFormatterBuffer* buffer,
                        ZydisFormatterContext* context) {
  const auto& raw = context->instruction->raw;
  const bool branch = raw.imm[0].is_relative != 0;
  const std::string name = branch ? name_of(context, raw.imm[0].offset, raw.imm[0].size)
                                  : name_of(context, raw.disp.offset, raw.disp.size);
  if (!name.empty()) return append(buffer, name);
  if (branch && naming(context).without_targets) return append(buffer, "");
  if (branch)
    return append(buffer, fmt::format("{:+x}", static_cast<std::int64_t>(context->runtime_address) +
                                                   context->instruction->length + raw.imm[0].value.s));
  return print_address(formatter, buffer, context);
}

ZyanStatus name_immediate(const ZydisFormatter* formatter, ZydisFormatterBuffer* buffer,
                          ZydisFormatterContext* context) {
  const auto& raw = context->instruction->raw.imm[0];
  const std::string name = name_of(context, raw.offset, raw.size);
  return name.empty() ? print_immediate(formatter, buffer, context) : append(buffer, name);
}

ZyanStatus name_displacement(const ZydisFormatter* formatter, ZydisFormatterBuffer* buffer,
                             ZydisFormatterContext* context) {
  const auto& raw = context->instruction->raw.disp;
  const std::string name = name_of(context, raw.offset, raw.size);
  return name.empty() ? print_displacement(formatter, buffer, context) : append(buffer, "+" + name);
}

/// A displacement of zero is not printed, so what it names goes behind the instruction.
std::string with_hidden_name(std::string text, const NameOfField& name, std::uint8_t offset,
                             std::uint8_t bits) {
  if (bits == 0) return text;
  const std::string hidden = name(offset, static_cast<std::uint8_t>(bits / 8));
  return hidden.empty() || text.find(hidden) != std::string::npos ? text : text + " ; " + hidden;
}

ZydisFormatter make_formatter() {
  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
  const auto hook = [&](ZydisFormatterFunction which, ZydisFormatterFunc ours, ZydisFormatterFunc& before) {
    const void* exchanged = reinterpret_cast<void*>(ours);
    ZydisFormatterSetHook(&formatter, which, &exchanged);
    before = reinterpret_cast<ZydisFormatterFunc>(const_cast<void*>(exchanged));
  };
  hook(ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, name_address, print_address);
  hook(ZYDIS_FORMATTER_FUNC_PRINT_IMM, name_immediate, print_immediate);
  hook(ZYDIS_FORMATTER_FUNC_PRINT_DISP, name_displacement, print_displacement);
  return formatter;
}

}  // namespace

InstructionText format_instruction(ByteView code, std::uint64_t at, const NameOfField& name) {
  static const ZydisFormatter formatter = make_formatter();
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecodedInstruction instruction;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  if (!ZYAN_SUCCESS(
          ZydisDecoderDecodeFull(&decoder, code.data(), code.size(), &instruction, operands.data())))
    return {"(bad)", "(bad)"};
  const auto format = [&](bool without_targets) {
    Naming naming{&name, without_targets};
    std::array<char, 512> text{};
    ZydisFormatterFormatInstruction(&formatter, &instruction, operands.data(),
                                    instruction.operand_count_visible, text.data(), text.size(), at, &naming);
    return with_hidden_name(text.data(), name, instruction.raw.disp.offset, instruction.raw.disp.size);
  };
  return {format(false), format(true)};
}

}  // namespace stent::x86_64
