// x86-64 relocation types as a type of their own, and what each computes.
#pragma once

#include <cstdint>
#include <string>

namespace stent::x86_64 {

/// An R_X86_64_* number (psABI, "Relocation Types"); the enumerators stent reasons about by name.
enum class RelocationType : std::uint32_t {
  none = 0,
  abs64 = 1,
  pc32 = 2,
  got32 = 3,
  plt32 = 4,
  copy = 5,
  glob_dat = 6,
  jump_slot = 7,
  relative = 8,
  gotpcrel = 9,
  abs32 = 10,
  abs32s = 11,
  abs16 = 12,
  pc16 = 13,
  abs8 = 14,
  pc8 = 15,
  dtpmod64 = 16,
  dtpoff64 = 17,
  tpoff64 = 18,
  tlsgd = 19,
  tlsld = 20,
  dtpoff32 = 21,
  gottpoff = 22,
  tpoff32 = 23,
  pc64 = 24,
  gotoff64 = 25,
  gotpc32 = 26,
  gotpc32_tlsdesc = 34,
  tlsdesc_call = 35,
  tlsdesc = 36,
  irelative = 37,
  gotpcrelx = 41,
  rex_gotpcrelx = 42,
};

/// How a relocation's value is formed from S (symbol), A (addend), P (place), G (GOT slot).
enum class Formula {
  none,          ///< marks only (R_X86_64_NONE, TLSDESC_CALL)
  absolute,      ///< S + A
  pc_relative,   ///< S + A - P (PC*, PLT32)
  got_relative,  ///< address of S's GOT slot + A - P (GOTPCREL*, GOTTPOFF, TLSGD, TLSLD, GOTPC32_TLSDESC)
  tls_offset,    ///< offset of S from the thread pointer, or in its module's TLS block
  unknown,       ///< a type stent does not handle: whoever meets it refuses that function
};

struct RelocationInfo {
  Formula formula = Formula::unknown;
  std::uint8_t size = 0;   ///< bytes of the field
  bool is_signed = false;  ///< the field is sign-extended (matters for overflow)
  bool is_tls = false;
};

/// Facts about `type`; formula `unknown` for types stent does not handle.
[[nodiscard]] RelocationInfo describe(RelocationType type);

/// The psABI name, e.g. "R_X86_64_PLT32", or "R_X86_64_#77" for an unknown number.
[[nodiscard]] std::string to_string(RelocationType type);

}  // namespace stent::x86_64
