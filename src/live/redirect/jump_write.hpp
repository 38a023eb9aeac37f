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

/// Padding that holds, or held, the jump which a short jump at the entry leads to. It lies in the page of the
/// entry, so both change by one write.
struct IslandWrite {
  RemoteAddress at;
  Bytes before;
  Bytes after;  ///< as long as `before`
};

struct JumpWrite {
  std::string function;
  RemoteAddress entry;
  Bytes before;                      ///< empty: the entry stays as it is, and only the island changes
  Bytes after;                       ///< as long as `before`
  std::vector<RemoteRange> extents;  ///< of the function that stands there when no patch does
  std::optional<IslandWrite> island{};
};

/// One contiguous change of a JumpWrite.
struct PieceWrite {
  const JumpWrite* of;
  RemoteAddress at;
  const Bytes* before;
  const Bytes* after;
};

/// Entries and islands, in the order of `writes`.
[[nodiscard]] std::vector<PieceWrite> pieces_of(std::span<const JumpWrite> writes);

/// The jumps that redirect every function of `resolved`. Throws `refused` when one is out of reach or would
/// lie in two pages, which no single write changes.
[[nodiscard]] std::vector<JumpWrite> plan(const resolve::ResolvedPatch& resolved);

/// The same writes backwards.
[[nodiscard]] std::vector<JumpWrite> reversed(std::span<const JumpWrite> writes);

/// Rewrites one byte of every page to be written with itself, so that the copy-on-write happens now and not
/// in the stop window.
void touch(process::RemoteMemory& memory, std::span<const JumpWrite> writes);

/// The first write whose place does not hold `before` any more; null when all do.
[[nodiscard]] const JumpWrite* first_changed(const process::RemoteMemory& memory,
                                             std::span<const JumpWrite> writes);

/// True when all writes lie in one page, so that one write to memory makes them.
[[nodiscard]] bool is_one_page(std::span<const JumpWrite> writes);

/// Makes all writes, those in one page by one write to memory. All or none: on a failure the ones made are
/// taken back before the failure is thrown on. To be called with the whole target stopped.
void write_all(process::RemoteMemory& memory, std::span<const JumpWrite> writes);

}  // namespace stent::redirect
