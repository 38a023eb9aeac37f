#include "live/unwind/forbidden_code.hpp"

#include <algorithm>

namespace stent::unwind {

ForbiddenCode::ForbiddenCode(std::vector<CodePiece> pieces) : pieces_(std::move(pieces)) {
  std::ranges::sort(pieces_, {}, &CodePiece::range);
}

const CodePiece* ForbiddenCode::at_pc(RemoteAddress pc) const {
  for (const CodePiece& piece : pieces_)
    if (piece.range.contains(pc) && !(piece.start_is_free && pc == piece.range.begin)) return &piece;
  return nullptr;
}

const CodePiece* ForbiddenCode::at_value(RemoteAddress value) const {
  for (const CodePiece& piece : pieces_) {
    if (value < piece.range.begin || value > piece.range.end()) continue;
    if (value == piece.range.begin && piece.start_is_free) continue;
    return &piece;
  }
  return nullptr;
}

}  // namespace stent::unwind
