#include "live/transaction/removable.hpp"

#include <algorithm>
#include <set>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::transaction {
namespace {

std::set<PatchAddress> added_functions(const patch::Image& image) {
  std::set<PatchAddress> added;
  for (const patch::PatchSymbol& symbol : image.symbols) {
    const bool replaces = std::ranges::any_of(image.replaced, [&](const patch::ReplacedFunction& function) {
      return std::ranges::any_of(function.new_extents,
                                 [&](const PatchRange& extent) { return extent.contains(symbol.address); });
    });
    if (symbol.is_function && !replaces) added.insert(symbol.address);
  }
  return added;
}

/// True when an instruction of `code`, which stands at `at`, names the address of one of `functions` as an
/// operand.
bool names_any(ByteView code, PatchAddress at, const std::set<PatchAddress>& functions) {
  return std::ranges::any_of(x86_64::decode(code), [&](const x86_64::Instruction& instruction) {
    return instruction.memory_target && functions.contains(at + *instruction.memory_target);
  });
}

bool takes_address(const patch::Image& image, const resolve::ResolvedImage& resolved) {
  const auto added = added_functions(image);
  if (added.empty()) return false;
  for (const patch::Binding& binding : image.bindings)
    if (const auto* own = std::get_if<patch::OwnImage>(&binding.where);
        own != nullptr && added.contains(own->address))
      return true;
  for (const patch::PatchSymbol& symbol : image.symbols) {
    if (!symbol.is_function || symbol.size == 0) continue;
    const RemoteAddress at = resolved.base.to_remote(symbol.address);
    for (const link::LinkedSegment& segment : resolved.segments) {
      const std::int64_t offset = at - segment.address;
      if (offset < 0 || static_cast<std::uint64_t>(offset) + symbol.size > segment.bytes.size()) continue;
      const ByteView code = ByteView(segment.bytes).subspan(static_cast<std::size_t>(offset), symbol.size);
      if (names_any(code, symbol.address, added)) return true;
    }
  }
  return false;
}

}  // namespace

bool is_removable(const patch::Patch& patch, const resolve::ResolvedPatch& resolved) {
  // The table of shadow data stays for the patches to come.
  if (resolved.working.contains(resolved.shadow_table)) return false;
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    const patch::Image& image = patch.images[i];
    const bool has_data = std::ranges::any_of(image.segments, [](const patch::Segment& segment) {
      return segment.kind == patch::SegmentKind::data;
    });
    const bool is_shared = std::ranges::any_of(image.bindings, [](const patch::Binding& binding) {
      return std::holds_alternative<patch::OtherImage>(binding.where);
    });
    if (has_data || is_shared || takes_address(image, resolved.images.at(i))) return false;
  }
  return true;
}

}  // namespace stent::transaction
