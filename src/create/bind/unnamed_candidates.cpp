#include "create/bind/unnamed_candidates.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::bind {

namespace {

/// Code shorter than this is often the same in several functions.
constexpr std::size_t least_size = 32;
constexpr std::size_t compared_bytes = 24, least_prefix = 4;

struct ByteHash {
  std::size_t operator()(std::byte b) const { return std::to_integer<std::size_t>(b); }
};

/// How much of the atom's beginning every build has, and how much of that tells functions apart.
struct Prefix {
  std::size_t size = 0, telling = 0;
};

Prefix fixed_prefix(const model::Atom& atom) {
  std::size_t end = std::min(atom.bytes.size(), compared_bytes);
  if (!atom.references.empty()) end = std::min<std::size_t>(end, atom.references.front().offset);
  Prefix prefix;
  const std::size_t landing_pad = x86_64::landing_pad_size(atom.bytes);
  bool is_entry = true;  // nops there are room that the compiler was told to leave; later ones align code
  for (const x86_64::Instruction& instruction : x86_64::decode(ByteView(atom.bytes).first(end))) {
    if (instruction.branch || (instruction.is_nop && !is_entry)) break;
    prefix.size = instruction.end();
    if (instruction.is_nop) continue;
    prefix.telling += instruction.length;
    is_entry = instruction.end() <= landing_pad;
  }
  return prefix;
}

/// Where `extents` (ascending) say that a function starts, or say nothing.
bool may_start(const std::vector<LinkRange>& extents, LinkAddress at) {
  const auto after = std::ranges::upper_bound(extents, at, {}, &LinkRange::begin);
  return after == extents.begin() || std::prev(after)->begin == at || !std::prev(after)->contains(at);
}

}  // namespace

std::vector<LinkAddress> unnamed_candidates(const model::Object& object, const model::Function& function,
                                            const model::Image& image) {
  std::vector<LinkAddress> candidates;
  const model::Atom& atom = object[function.entry];
  const Prefix fixed = fixed_prefix(atom);
  const ByteView prefix = ByteView(atom.bytes).first(fixed.size);
  if (atom.bytes.size() < least_size || fixed.telling < least_prefix) return candidates;
  const std::boyer_moore_horspool_searcher searcher(prefix.begin(), prefix.end(), ByteHash{});
  for (const model::ImageSegment& segment : image.segments) {
    if (!segment.executable) continue;
    auto at = segment.bytes.begin();
    while ((at = std::search(at, segment.bytes.end(), searcher)) != segment.bytes.end()) {
      const LinkAddress address = segment.memory.begin + (at - segment.bytes.begin());
      if (may_start(image.function_extents, address)) candidates.push_back(address);
      ++at;
    }
  }
  return candidates;
}

}  // namespace stent::bind
