// Moving the first instructions of a function elsewhere, so that its entry can be overwritten and the
// function still be entered.
//
// An instruction that means the same everywhere is copied. What depends on its place is written anew:
//
//     jne  near              ->  jne  far
//     mov  8(%rip), %rax     ->  mov  d(%rip), %rax          (the same variable)
//     call f                 ->  push back(%rip); jmp f      (`back` holds the address after the old call, so
//                                                             that no frame ever returns into moved code)
//     (falls through)        ->  jmp  after the moved instructions
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.hpp"

namespace stent::x86_64 {

/// No `Displaced::code` is longer.
inline constexpr std::size_t displaced_limit = 96;

struct Displaced {
  Bytes code;              ///< does, at `to`, what the function's first `length` bytes did
  std::size_t length = 0;  ///< whole instructions
};

/// Moves the instructions at the start of `code` that cover `least` bytes from address `from` to `to`.
/// A text says why that cannot be done.
[[nodiscard]] std::variant<Displaced, std::string> displace(ByteView code, std::size_t least,
                                                            std::uint64_t from, std::uint64_t to);

/// True when a direct branch in `code`, which stands at `at`, goes to an address strictly between `begin` and
/// `end`; true as well when `code` cannot be decoded to its end.
[[nodiscard]] bool branches_between(ByteView code, std::uint64_t at, std::uint64_t begin, std::uint64_t end);

}  // namespace stent::x86_64
