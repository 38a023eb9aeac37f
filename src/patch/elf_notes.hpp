// Finding the notes of a patch file without trusting any length in it.
#pragma once

#include <string_view>

#include "base/bytes.hpp"

namespace stent::patch {

/// The description of the first note of `owner` and `type` in any PT_NOTE of the ELF file `contents`.
/// Throws `bad_input` when the file is no ELF64 x86-64 file or has no such note.
[[nodiscard]] ByteView find_note(ByteView contents, std::string_view owner, std::uint32_t type);

}  // namespace stent::patch
