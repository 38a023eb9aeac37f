#include "live/unwind/forbidden_code.hpp"

#include <algorithm>

namespace stent::unwind {

ForbiddenCode::ForbiddenCode(std::vector<CodePiece> pieces) : pieces_(std::move(pieces)) {
  std::ranges::sort(pieces_, {}, &CodePiece::range);
}

namespace {

/// The smallest piece that `holds`, because it says most about where a thread is.
template <class Holds>
const CodePiece* smallest(std::span<const CodePiece> pieces, const Holds& holds) {
  const CodePiece* best = nullptr;
  for (const CodePiece& piece : pieces)
    if (holds(piece) && (best == nullptr || piece.range.size < best->range.size)) best = &piece;
  return best;
}

}  // namespace

const CodePiece* ForbiddenCode::at_pc(RemoteAddress pc) const {
  return smallest(pieces_, [pc](const CodePiece& piece) {
    return piece.range.contains(pc) && !(piece.start_is_free && pc == piece.range.begin);
  });
}

const CodePiece* ForbiddenCode::at_value(RemoteAddress value) const {
  return smallest(pieces_, [value](const CodePiece& piece) {
    if (value < piece.range.begin || value > piece.range.end()) return false;
    return !(piece.start_is_free && value == piece.range.begin);
  });
}

}  // namespace stent::unwind
