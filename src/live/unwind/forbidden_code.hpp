// ForbiddenCode: the code that no thread may be inside of, or return into, while it changes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace stent::unwind {

/// One contiguous piece of code.
struct CodePiece {
  RemoteRange range;
  std::string function;  ///< whose piece, for people
  /// A thread whose next instruction is the first one of this piece may stay (it will take the redirect).
  bool start_is_free = false;
};

/// Pieces sorted by address, asked with program counters and with words found on stacks.
class ForbiddenCode {
 public:
  explicit ForbiddenCode(std::vector<CodePiece> pieces);

  /// The piece a thread at `pc` is inside of, or null: [begin, end), without begin where that is free.
  [[nodiscard]] const CodePiece* at_pc(RemoteAddress pc) const;
  /// The piece that a return to `value` goes into, or null: (begin, end], the end included because a call
  /// that never returns may be the last instruction; begin as well where a program counter there is not free.
  [[nodiscard]] const CodePiece* at_value(RemoteAddress value) const;

  [[nodiscard]] std::span<const CodePiece> pieces() const { return pieces_; }

 private:
  std::vector<CodePiece> pieces_;
};

}  // namespace stent::unwind
