// The JSON of a patch file: everything of a Patch that is neither segment contents nor a pre-image.
#pragma once

#include <string>
#include <string_view>

#include "patch/layout.hpp"

namespace stent::patch {

/// The format version this stent writes and reads.
inline constexpr std::uint64_t format_version = 4;

/// The metadata of `patch` laid out in a file as `layout`; deterministic. Throws `refused` for a name that is
/// not UTF-8.
[[nodiscard]] std::string to_json(const Patch& patch, const FileLayout& layout);

/// The patch that `metadata` describes; contents and pre-images are taken from `contents`, the file before
/// its trailer. Throws `bad_input`; a newer format version is named as such.
[[nodiscard]] Patch from_json(std::string_view metadata, ByteView contents);

}  // namespace stent::patch
