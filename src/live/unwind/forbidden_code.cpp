#include "live/unwind/forbidden_code.hpp"

#include <algorithm>

#include "live/unwind/arch_x86_64_call_site.hpp"

namespace stent::unwind {

bool is_coroutine_part(std::string_view function) {
  for (const char* part : {".actor", ".resume", ".destroy", ".cleanup"})
    if (function.ends_with(part)) return true;
  return false;
}

ForbiddenCode::ForbiddenCode(std::vector<CodePiece> pieces) : pieces_(std::move(pieces)) {
  std::ranges::sort(pieces_, {}, &CodePiece::range);
  RemoteAddress highest{};
  std::vector<RemoteRange> ranges;
  for (const CodePiece& piece : pieces_) {
    highest = std::max(highest, piece.range.end());
    highest_end_.push_back(highest);
    ranges.push_back(piece.range);
  }
  bands_ = Bands(ranges);
  if (!ranges.empty()) ranges.push_back({{signal_segments}, 0});
  stack_bands_ = Bands(ranges);
}

namespace {

/// The smallest piece that `holds`, because it says most about where a thread is.
template <class Holds>
const CodePiece* smallest(std::span<const CodePiece> pieces, std::span<const RemoteAddress> highest_end,
                          RemoteAddress at, const Holds& holds) {
  const auto above =
      std::ranges::upper_bound(pieces, at, {}, [](const CodePiece& p) { return p.range.begin; });
  const CodePiece* best = nullptr;
  for (auto i = static_cast<std::size_t>(above - pieces.begin()); i-- > 0 && highest_end[i] >= at;)
    if (holds(pieces[i]) && (best == nullptr || pieces[i].range.size < best->range.size)) best = &pieces[i];
  return best;
}

}  // namespace

const CodePiece* ForbiddenCode::at_pc(RemoteAddress pc) const {
  return smallest(pieces_, highest_end_, pc, [pc](const CodePiece& piece) {
    return piece.range.contains(pc) && !(piece.start_is_free && pc == piece.range.begin);
  });
}

const CodePiece* ForbiddenCode::at_value(RemoteAddress value) const {
  return smallest(pieces_, highest_end_, value, [value](const CodePiece& piece) {
    if (value < piece.range.begin || value > piece.range.end()) return false;
    return value != piece.range.begin || !piece.start_is_free || piece.start_is_resumed;
  });
}

}  // namespace stent::unwind
