// Bytes written out one by one, for tests.
#pragma once

#include <initializer_list>

#include "base/bytes.hpp"

namespace stent {

[[nodiscard]] inline Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace stent
