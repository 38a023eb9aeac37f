// What the bytes of a variable mean, as one number that two builds can be compared by.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "binary/dwarf/debug_info.hpp"

namespace stent::emit {

class TypeDigests {
 public:
  /// Reads the debug information of `object`, if it has any that can be read.
  explicit TypeDigests(const std::filesystem::path& object);

  /// Of the variable whose symbol, or that of a part of it, is `symbol`, of `size` bytes when given: equal
  /// for equal layouts of equally named members. 0 where it is not known: no debug information, or several
  /// variables it could be, of different types.
  [[nodiscard]] std::uint64_t of(const std::string& symbol, std::optional<std::uint64_t> size = {}) const;

 private:
  dwarf::DebugInfo info_;
};

}  // namespace stent::emit
