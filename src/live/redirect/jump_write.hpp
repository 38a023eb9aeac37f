// JumpWrite: one planned change of a function's first bytes, and its undoing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "live/process/remote_memory.hpp"
#include "live/resolve/resolved_patch.hpp"

namespace stent::redirect {

struct JumpWrite {
  std::string function;
  RemoteAddress entry;
  Bytes before;
  Bytes after;  ///< as long as `before`
};

/// The jumps that redirect every function of `resolved`. Throws `refused` when one is out of reach.
[[nodiscard]] std::vector<JumpWrite> plan(const resolve::ResolvedPatch& resolved);

/// The same writes backwards.
[[nodiscard]] std::vector<JumpWrite> reversed(std::span<const JumpWrite> writes);

/// Rewrites one byte of every page to be written with itself, so that the copy-on-write happens now and not
/// in the stop window.
void touch(process::RemoteMemory& memory, std::span<const JumpWrite> writes);

/// The first write whose place does not hold `before` any more; null when all do.
[[nodiscard]] const JumpWrite* first_changed(const process::RemoteMemory& memory,
                                             std::span<const JumpWrite> writes);

/// Makes all writes, or none: on a failure the ones made are taken back before the failure is thrown on.
/// To be called with the whole target stopped.
void write_all(process::RemoteMemory& memory, std::span<const JumpWrite> writes);

}  // namespace stent::redirect
