#include "create/bind/rewritten.hpp"

namespace stent::bind {

namespace {

using x86_64::Flow;
using x86_64::RelocationType;

std::uint8_t byte_at(ByteView bytes, std::size_t at) {
  return at < bytes.size() ? std::to_integer<std::uint8_t>(bytes[at]) : std::uint8_t{0};
}

bool has_rex(ByteView bytes) { return (byte_at(bytes, 0) & 0xf0) == 0x40; }

/// The opcode byte after an optional REX prefix, and the ModRM byte behind it.
std::uint8_t opcode(ByteView bytes) { return byte_at(bytes, has_rex(bytes) ? 1 : 0); }
std::uint8_t modrm(ByteView bytes) { return byte_at(bytes, has_rex(bytes) ? 2 : 1); }

/// The register a load writes: REX.R and ModRM.reg.
unsigned loaded_register(ByteView bytes) {
  const unsigned high = has_rex(bytes) ? (byte_at(bytes, 0) & 4U) << 1 : 0;
  return high | (modrm(bytes) >> 3 & 7U);
}

/// The register an immediate form writes: REX.B and ModRM.rm.
unsigned immediate_register(ByteView bytes) {
  const unsigned high = has_rex(bytes) ? (byte_at(bytes, 0) & 1U) << 3 : 0;
  return high | (modrm(bytes) & 7U);
}

/// The operation of an immediate form: ModRM.reg.
unsigned operation(ByteView bytes) { return modrm(bytes) >> 3 & 7U; }

bool is_register_form(ByteView bytes) { return modrm(bytes) >> 6 == 3; }

/// True when `theirs` does with an immediate what the memory form `opcode` does: mov, test, or one of the
/// eight arithmetic operations (add, or, adc, sbb, and, sub, xor, cmp).
bool is_immediate_form(std::uint8_t was, ByteView theirs) {
  if (!is_register_form(theirs)) return false;
  if (was == 0x8b) return opcode(theirs) == 0xc7 && operation(theirs) == 0;
  if (was == 0x85) return opcode(theirs) == 0xf7 && operation(theirs) == 0;
  const bool is_arithmetic = was < 0x40 && (was & 7U) == 3;
  return is_arithmetic && opcode(theirs) == 0x81 && operation(theirs) == was >> 3U;
}

/// The distance from the thread pointer in what linkers make of an initial-exec load or addition.
std::optional<std::int64_t> local_exec(const Side& ours, const Side& theirs) {
  const std::uint8_t was = opcode(ours.bytes);
  if (was != 0x8b && was != 0x03) return {};
  if (theirs.instruction->immediate && theirs.instruction->immediate->size == 4) {
    if (!is_immediate_form(was, theirs.bytes) ||
        loaded_register(ours.bytes) != immediate_register(theirs.bytes))
      return {};
    return field_value(theirs.bytes, *theirs.instruction->immediate);
  }
  // add x@gottpoff(%rip), %reg -> lea x@tpoff(%reg), %reg
  const auto& memory = theirs.instruction->memory;
  if (was != 0x03 || opcode(theirs.bytes) != 0x8d || !memory || memory->size != 4 ||
      theirs.instruction->memory_is_rip_relative ||
      loaded_register(theirs.bytes) != loaded_register(ours.bytes) ||
      immediate_register(theirs.bytes) != loaded_register(ours.bytes))
    return {};
  return field_value(theirs.bytes, *memory);
}

std::optional<decltype(Inference::where)> relaxed_load(const Side& ours, const Side& theirs) {
  if (opcode(ours.bytes) == 0x8b && opcode(theirs.bytes) == 0x8d && theirs.instruction->memory_target &&
      loaded_register(ours.bytes) == loaded_register(theirs.bytes))
    return LinkAddress{static_cast<std::uint64_t>(theirs.position + *theirs.instruction->memory_target)};
  if (!theirs.instruction->immediate || theirs.instruction->immediate->size != 4) return {};
  if (!is_immediate_form(opcode(ours.bytes), theirs.bytes)) return {};
  if (loaded_register(ours.bytes) != immediate_register(theirs.bytes)) return {};
  return LinkAddress{static_cast<std::uint64_t>(field_value(theirs.bytes, *theirs.instruction->immediate))};
}

}  // namespace

std::int64_t field_value(ByteView bytes, x86_64::Field field) {
  switch (field.size) {
    case 1: return load<std::int8_t>(bytes, field.offset);
    case 2: return load<std::int16_t>(bytes, field.offset);
    case 4: return load<std::int32_t>(bytes, field.offset);
    default: return load<std::int64_t>(bytes, field.offset);
  }
}

std::uint64_t tls_block_offset(const model::Image& image, std::int64_t from_thread_pointer) {
  // The block ends at the thread pointer, its start aligned down: tp - round_up(size, alignment) (variant
  // II).
  const std::uint64_t mask = image.tls_alignment - 1;
  const std::uint64_t size = (image.tls_segment.size + mask) & ~mask;
  return size + static_cast<std::uint64_t>(from_thread_pointer);
}

std::optional<decltype(Inference::where)> rewritten(const Side& ours, const Side& theirs, RelocationType type,
                                                    const model::Image& image) {
  if (type == RelocationType::gottpoff) {
    const auto distance = local_exec(ours, theirs);
    if (!distance) return {};
    return Inference::TlsOffset{tls_block_offset(image, *distance)};
  }
  const bool relaxable = type == RelocationType::gotpcrelx || type == RelocationType::rex_gotpcrelx ||
                         type == RelocationType::gotpcrel;
  if (!relaxable) return {};
  const Flow was = ours.instruction->flow;
  const Flow is = theirs.instruction->flow;
  if ((was == Flow::indirect_call && is == Flow::call) || (was == Flow::indirect_jump && is == Flow::jump))
    return LinkAddress{static_cast<std::uint64_t>(theirs.position + *theirs.instruction->branch_target)};
  if (was != Flow::next || is != Flow::next) return {};
  return relaxed_load(ours, theirs);
}

}  // namespace stent::bind
