// Scanning memory for words that lie in given ranges.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "live/unwind/forbidden_code.hpp"

namespace stent::unwind {

/// A word in memory that may be a return address into forbidden code.
struct Hit {
  RemoteAddress slot;
  RemoteAddress value;               ///< unmangled, where setjmp had mangled it
  const CodePiece* piece = nullptr;  ///< null: what a signal left behind (`signal_segments`)
  bool was_mangled = false;
};

/// What the memory is: on a stack, what signals leave behind is a hit too.
enum class Memory { stack, other };

/// Appends to `hits` every aligned 8-byte word of `memory` (which stands at `at` in the target) that
/// forbidden code may be returned to by, ascending; also those that setjmp mangled with `guard`. A partial
/// word at either end is left out. Stops at `most` hits.
void scan(ByteView memory, RemoteAddress at, const ForbiddenCode& forbidden, std::uint64_t guard,
          std::vector<Hit>& hits, std::size_t most, Memory kind = Memory::stack);

/// The first aligned word of `memory` with a value inside one of `ranges`.
[[nodiscard]] std::optional<Hit> find_value(ByteView memory, RemoteAddress at,
                                            std::span<const RemoteRange> ranges);

}  // namespace stent::unwind
