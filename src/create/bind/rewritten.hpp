// What a linker may make of an instruction whose reference it relaxes (psABI B.2, ELF TLS).
#pragma once

#include <optional>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/model/image.hpp"
#include "create/bind/inference.hpp"

namespace stent::bind {

/// One side of a comparison: an instruction, its bytes, and the address (target) or offset (object) it stands
/// at.
struct Side {
  const x86_64::Instruction* instruction;
  ByteView bytes;
  std::int64_t position;
};

/// If `theirs` is what linkers write for the GOT or TLS load, call or jump `ours`: what its reference names.
[[nodiscard]] std::optional<decltype(Inference::where)> rewritten(const Side& ours, const Side& theirs,
                                                                  x86_64::RelocationType type,
                                                                  const model::Image& image);

/// The value stored in `bytes` at `field`, sign-extended.
[[nodiscard]] std::int64_t field_value(ByteView bytes, x86_64::Field field);

/// Offset in the TLS block of the executable `image` for a distance from the thread pointer (TLS variant II).
[[nodiscard]] std::uint64_t tls_block_offset(const model::Image& image, std::int64_t from_thread_pointer);

}  // namespace stent::bind
