// Bands: few wide ranges of values that cover all values a scan looks for.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.hpp"

namespace stent::unwind {

/// The values `low` to `low + span`, both included.
struct Band {
  std::uint64_t low = 0;
  std::uint64_t span = 0;

  [[nodiscard]] constexpr bool contains(std::uint64_t word) const { return word - low <= span; }
};

/// At most `most` bands; ranges near each other share one, so that a scan compares each word once a module.
class Bands {
 public:
  static constexpr std::size_t most = 5;

  Bands() = default;
  /// Covers every address of `ranges`, and the end of each.
  explicit Bands(std::span<const RemoteRange> ranges);

  [[nodiscard]] std::span<const Band> all() const { return std::span(bands_).first(count_); }
  [[nodiscard]] bool contains(std::uint64_t word) const {
    for (const Band& band : all())
      if (band.contains(word)) return true;
    return false;
  }

 private:
  std::array<Band, most> bands_{};
  std::size_t count_ = 0;
};

}  // namespace stent::unwind
