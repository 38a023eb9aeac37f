// The GNU build-id of an ELF image: what names a module.
#pragma once

#include <compare>
#include <string>

#include "base/bytes.hpp"

namespace stent {

/// Contents of the NT_GNU_BUILD_ID note (usually 20 bytes); empty when an image has none.
struct BuildId {
  Bytes bytes;

  auto operator<=>(const BuildId&) const = default;

  [[nodiscard]] bool empty() const { return bytes.empty(); }
  /// Lower-case hexadecimal, as `file` and `readelf -n` print it.
  [[nodiscard]] std::string text() const { return to_hex(bytes); }
};

}  // namespace stent
