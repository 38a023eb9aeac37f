// ForbiddenCode: the code that no thread may be inside of, or return into, while it changes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "live/unwind/bands.hpp"

namespace stent::unwind {

/// One contiguous piece of code.
struct CodePiece {
  RemoteRange range;
  std::string function;  ///< whose piece, for people
  /// A thread whose next instruction is the first one of this piece may stay (it will take the redirect).
  bool start_is_free = false;
  /// The resuming (or destroying) part of a C++20 coroutine: a word in data that holds its first address is
  /// what a suspended coroutine leaves behind.
  bool start_is_resumed = false;
  /// It ends with a call that neither returns nor can be suspended: a word in data that holds its end is not
  /// a suspended stack's, but a pointer to what begins there.
  bool end_is_never_suspended = false;
};

/// True for the compilers' names of the parts of a coroutine that its frame points to (gcc: .actor, .destroy;
/// clang: .resume, .destroy, .cleanup).
[[nodiscard]] bool is_coroutine_part(std::string_view function);

/// Pieces sorted by address, asked with program counters and with words found on stacks.
class ForbiddenCode {
 public:
  explicit ForbiddenCode(std::vector<CodePiece> pieces);

  /// The piece a thread at `pc` is inside of, or null: [begin, end), without begin where that is free.
  [[nodiscard]] const CodePiece* at_pc(RemoteAddress pc) const;
  /// The piece that a return to `value` goes into, or null: (begin, end], the end included because a call
  /// that never returns may be the last instruction; begin as well where a program counter there is not free,
  /// or a coroutine is resumed there.
  [[nodiscard]] const CodePiece* at_value(RemoteAddress value) const;

  [[nodiscard]] std::span<const CodePiece> pieces() const { return pieces_; }
  /// What a scan looks for before it asks `at_value`.
  [[nodiscard]] const Bands& bands() const { return bands_; }
  /// The same, and what signals leave on stacks.
  [[nodiscard]] const Bands& stack_bands() const { return stack_bands_; }

 private:
  std::vector<CodePiece> pieces_;
  /// Of `pieces_[i]` and all before it; lets a search backwards from an address end early.
  std::vector<RemoteAddress> highest_end_;
  Bands bands_;
  Bands stack_bands_;
};

}  // namespace stent::unwind
