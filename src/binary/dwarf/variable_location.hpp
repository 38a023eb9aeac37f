// Where the value of a static variable lies: whole, or in parts where the compiler split it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "binary/dwarf/die.hpp"

namespace stent::dwarf {

/// A run of memory that holds a variable or one part of it.
struct VariablePart {
  std::uint64_t address = 0;        ///< as the debug information gives it
  std::uint64_t offset = 0;         ///< of the part in the variable, in bytes
  std::uint64_t size = 0;           ///< of the part in the variable; 0: all of it
  std::vector<std::uint64_t> code;  ///< what is computed from the memory; empty: it holds the value itself
};

/// The parts that have memory, ascending; none for a variable of a thread or without memory.
[[nodiscard]] std::vector<VariablePart> variable_parts(const Die& variable);

/// A part of a variable that the compiler split (clang does: "limits.0", "limits.1" of "limits").
struct SplitPart {
  std::uint64_t section = 0;   ///< its index in the object
  std::uint64_t position = 0;  ///< from the section's start
  std::uint64_t offset = 0;    ///< of the part in the variable, in bytes
};

/// All of an object; none when it has no debug information. Throws `bad_input` for damaged input.
[[nodiscard]] std::vector<SplitPart> split_parts(const std::filesystem::path& object);

}  // namespace stent::dwarf
