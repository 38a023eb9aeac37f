// Reading and writing NAME.stent files (docs/patch-format.md).
#pragma once

#include <filesystem>

#include "patch/patch.hpp"

namespace stent::patch {

/// The file's bytes for `patch`; deterministic. Computes the identity (ignoring `patch.id`).
/// Throws `internal` when the value breaks its own rules (overlapping segments, dangling binding).
[[nodiscard]] Bytes serialise(const Patch& patch);

/// Inverse of `serialise`. Every length, offset and index is checked before use.
/// Throws `bad_input`: not a patch, truncated, damaged, or of a newer format version.
[[nodiscard]] Patch parse(ByteView file);

/// Writes atomically (temporary file beside `path`, then rename).
void write_patch(const Patch& patch, const std::filesystem::path& path);
[[nodiscard]] Patch read_patch(const std::filesystem::path& path);

}  // namespace stent::patch
