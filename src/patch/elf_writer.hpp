// A patch as an ELF64 ET_DYN-shaped file, up to its trailer.
#pragma once

#include "patch/patch.hpp"

namespace stent::patch {

/// Owner and type of the ELF note that carries the metadata (types below 256 are left to tools).
inline constexpr char note_owner[] = "stent";
inline constexpr std::uint32_t metadata_note_type = 0x101;

/// The file's bytes before the trailer. `patch` keeps the rules (check_rules); `id` is its identity.
[[nodiscard]] Bytes write_elf(const Patch& patch, const BuildId& id);

}  // namespace stent::patch
