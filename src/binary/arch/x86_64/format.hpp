// An instruction as text in which what it names has its name, wherever the code stands.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.hpp"

namespace stent::x86_64 {

struct InstructionText {
  std::string text;  ///< Intel syntax, for people
  /// Equal for instructions that do the same: like `text`, but without the targets of branches inside the
  /// same code.
  std::string key;
};

/// What the field of `size` bytes at `offset` (from the instruction's start) names; empty when nothing.
using NameOfField = std::function<std::string(std::uint8_t offset, std::uint8_t size)>;

/// Formats the instruction at the start of `code`, which stands `at` bytes from the start of its function.
[[nodiscard]] InstructionText format_instruction(ByteView code, std::uint64_t at, const NameOfField& name);

}  // namespace stent::x86_64
