#include "live/resolve/pre_image.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

/// Puts back, in a copy of memory, what redirects have replaced; of stacked ones the newest first.
void undo_redirects(Bytes& bytes, RemoteRange range, std::span<const EarlierRedirect> earlier) {
  for (std::size_t undone = 0; undone < earlier.size(); ++undone) {
    bool changed = false;
    for (const EarlierRedirect& redirect : earlier) {
      const RemoteRange at{redirect.entry, redirect.written.size()};
      if (!range.contains(at.begin) || at.end() > range.end()) continue;
      const auto place = bytes.begin() + (at.begin - range.begin);
      if (!std::equal(redirect.written.begin(), redirect.written.end(), place)) continue;
      std::ranges::copy(redirect.before, place);
      changed = true;
    }
    if (!changed) return;
  }
}

/// The pre-image of `extent` with its load-time fields filled in; one that holds what the loader found for a
/// symbol is taken from `memory`.
Bytes as_loaded(const patch::ReplacedFunction& function, const patch::Extent& extent,
                const process::Module& module, ByteView memory) {
  Bytes bytes = extent.pre_image;
  for (const patch::LoadTimeField& field : function.load_time) {
    if (!field.is_inside(extent.range)) continue;
    const auto at = static_cast<std::uint64_t>(field.place - extent.range.begin);
    const LinkAddress linked{load<std::uint64_t>(bytes, at)};
    store(bytes, at,
          field.is_own_address ? module.bias.to_remote(linked).value : load<std::uint64_t>(memory, at));
  }
  return bytes;
}

}  // namespace

void verify_pre_image(const patch::ReplacedFunction& function, const process::Module& module,
                      const process::RemoteMemory& memory, std::span<const EarlierRedirect> earlier) {
  for (const patch::Extent& extent : function.extents) {
    const RemoteRange range = module.bias.to_remote(extent.range);
    Bytes bytes(extent.range.size);
    if (!memory.try_read(range.begin, bytes))
      throw Error(
          ErrorCode::mismatch, fmt::format("{} is not mapped at {:#x}", function.name, range.begin.value),
          "the target does not hold the module this patch was made for; create the patch for its build");
    undo_redirects(bytes, range, earlier);
    const Bytes expected = as_loaded(function, extent, module, bytes);
    const auto [here, wanted] = std::ranges::mismatch(bytes, expected);
    if (here == bytes.end() && wanted == expected.end()) continue;
    throw Error(ErrorCode::mismatch,
                fmt::format("{} in {} differs at offset {:#x} from what the patch was made for",
                            function.name, module.name, here - bytes.begin()),
                "something else (another patching tool, a debugger's breakpoint, a packer) changed the code "
                "in memory; "
                "remove that first, or create the patch for the code that really runs");
  }
}

}  // namespace stent::resolve
