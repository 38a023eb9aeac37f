// A digest that stays the same from build to build (std::hash promises none).
#pragma once

#include <cstdint>
#include <string_view>

namespace stent {

/// FNV-1a, 64 bits. Evidence of equality, no protection.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace stent
