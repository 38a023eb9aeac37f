// The page size that separates the segments of a patch, and rounding up to it.
#pragma once

#include <cstdint>

namespace stent::patch {

/// Bytes of a page of the target (x86-64: 4 KiB).
inline constexpr std::uint64_t page_size = 4096;

/// `value` rounded up to the next multiple of `page_size`.
[[nodiscard]] constexpr std::uint64_t page_up(std::uint64_t value) {
  return (value + page_size - 1) / page_size * page_size;
}

}  // namespace stent::patch
