// Decoding x86-64 code (Zydis) to the few facts stent needs of an instruction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace stent::x86_64 {

/// Where control goes after an instruction.
enum class Flow {
  next,              ///< falls through only
  jump,              ///< direct unconditional jump
  conditional_jump,  ///< direct, conditional (jcc, jrcxz, loop)
  call,              ///< direct call
  indirect_jump,
  indirect_call,
  ret,
  stop,  ///< ud2, hlt, int3: does not continue
};

/// A field of an instruction: `offset` bytes from the instruction's start, `size` bytes wide (1, 2, 4, 8).
struct Field {
  std::uint8_t offset = 0;
  std::uint8_t size = 0;
  bool operator==(const Field&) const = default;
};

/// One decoded instruction.
struct Instruction {
  std::uint32_t offset = 0;  ///< from the start of the decoded bytes
  std::uint8_t length = 0;
  std::uint16_t mnemonic = 0;  ///< ZydisMnemonic, opaque to callers; equal means same operation
  Flow flow = Flow::next;
  bool is_nop = false;          ///< nop of any length, endbr64 is not one
  std::optional<Field> branch;  ///< relative displacement of a direct branch
  std::optional<Field> memory;  ///< displacement of a memory operand
  bool memory_is_rip_relative = false;
  std::optional<Field> immediate;  ///< first immediate that is not a branch displacement
  /// Direct branch: offset of its target from the start of the decoded bytes (may lie outside them).
  std::optional<std::int64_t> branch_target;
  /// RIP-relative operand: offset of what it names from the start of the decoded bytes.
  std::optional<std::int64_t> memory_target;

  [[nodiscard]] std::uint32_t end() const { return offset + length; }
};

/// Decodes `code` from its first byte to its last. Stops at the first undecodable byte: then the last
/// instruction's end() is less than code.size(); callers that need the whole must compare.
[[nodiscard]] std::vector<Instruction> decode(ByteView code);

/// Decodes the one instruction at the start of `code`; empty when the bytes are no instruction.
[[nodiscard]] std::optional<Instruction> decode_one(ByteView code);

/// Intel-syntax text of the instruction at the start of `code`, as if it stood at `address`.
[[nodiscard]] std::string disassemble_one(ByteView code, std::uint64_t address);

}  // namespace stent::x86_64
