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

std::optional<decltype(Inference::where)> relaxed_load(const Side& ours, const Side& theirs) {
  if (opcode(ours.bytes) == 0x8b && opcode(theirs.bytes) == 0x8d && theirs.instruction->memory_target &&
      loaded_register(ours.bytes) == loaded_register(theirs.bytes))
    return LinkAddress{static_cast<std::uint64_t>(theirs.position + *theirs.instruction->memory_target)};
  if (!theirs.instruction->immediate || theirs.instruction->immediate->size != 4) return {};
  const std::uint8_t op = opcode(theirs.bytes);
  if (op != 0xc7 && op != 0xf7 && op != 0x81) return {};
  if (loaded_register(ours.bytes) != immediate_register(theirs.bytes)) return {};
  if (opcode(ours.bytes) == 0x8b && op != 0xc7) return {};
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
    if (opcode(ours.bytes) != 0x8b || opcode(theirs.bytes) != 0xc7 || !theirs.instruction->immediate)
      return {};
    if (loaded_register(ours.bytes) != immediate_register(theirs.bytes)) return {};
    return Inference::TlsOffset{
        tls_block_offset(image, field_value(theirs.bytes, *theirs.instruction->immediate))};
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
