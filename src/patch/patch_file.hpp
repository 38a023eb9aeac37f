// Reading and writing NAME.stent files (docs/patch-format.md).
#pragma once

#include <filesystem>

#include "patch/key.hpp"
#include "patch/patch.hpp"
#include "patch/trust.hpp"

namespace stent::patch {

/// The file's bytes for `patch`; deterministic. Computes the identity (ignoring `patch.id`).
/// Throws `internal` when the value breaks its own rules (overlapping segments, dangling binding).
[[nodiscard]] Bytes serialise(const Patch& patch);

/// Inverse of `serialise`. Every length, offset and index is checked before use.
/// Throws `bad_input`: not a patch, truncated, damaged, or of a newer format version.
[[nodiscard]] Patch parse(ByteView file);
/// The same; throws `not_permitted` before anything is parsed when `trust` does not allow the patch.
[[nodiscard]] Patch parse(ByteView file, const Trust& trust);

/// Writes atomically (temporary file beside `path`, then rename).
void write_patch(const Patch& patch, const std::filesystem::path& path);
[[nodiscard]] Patch read_patch(const std::filesystem::path& path, const Trust& trust = {});

/// Replaces the file by the same patch signed with `key`, atomically.
void sign_patch(const std::filesystem::path& path, const SecretKey& key);
/// Who signed the file; empty when nobody did. Throws `bad_input` as `read_patch`.
[[nodiscard]] std::optional<PublicKey> signer_of(const std::filesystem::path& path);

}  // namespace stent::patch
