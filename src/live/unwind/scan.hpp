// Scanning stack memory for words that lie in given ranges.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "live/unwind/forbidden_code.hpp"

namespace stent::unwind {

/// A word on a stack that may be a return address into forbidden code.
struct Hit {
  RemoteAddress slot;
  RemoteAddress value;
  const CodePiece* piece = nullptr;
};

/// Every aligned 8-byte word of `memory` (which stands at `at` in the target) that forbidden code may be
/// returned to by, ascending. A partial word at either end is left out.
[[nodiscard]] std::vector<Hit> scan(ByteView memory, RemoteAddress at, const ForbiddenCode& forbidden);

/// The first aligned word of `memory` with a value inside one of `ranges`.
[[nodiscard]] std::optional<Hit> find_value(ByteView memory, RemoteAddress at,
                                            std::span<const RemoteRange> ranges);

}  // namespace stent::unwind
