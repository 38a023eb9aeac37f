// A line of the source, as the debug information names it.
#pragma once

#include <string>

namespace stent::dwarf {

struct SourcePlace {
  std::string file;
  unsigned line = 0;
  bool operator==(const SourcePlace&) const = default;
};

/// "file:line", or empty when nothing is known.
[[nodiscard]] inline std::string to_string(const SourcePlace& place) {
  return place.file.empty() ? std::string() : place.file + ":" + std::to_string(place.line);
}

}  // namespace stent::dwarf
