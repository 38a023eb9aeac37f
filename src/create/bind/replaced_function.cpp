#include "create/bind/replaced_function.hpp"

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"
#include "create/bind/find_islands.hpp"

namespace stent::bind {

namespace {

/// The whole extent that starts at `code.begin`: by its frame description, else its symbol, else what was
/// matched.
LinkRange whole_extent(const model::Image& image, LinkRange code) {
  for (const LinkRange& range : image.function_extents)
    if (range.begin == code.begin && range.size >= code.size) return range;
  for (const model::ImageSymbol& symbol : image.symbols)
    if (symbol.address == code.begin && symbol.size >= code.size) return {symbol.address, symbol.size};
  return code;
}

bool is_entry(const model::Image& image, LinkAddress at) {
  return std::ranges::find(image.symbols, at, &model::ImageSymbol::address) != image.symbols.end() ||
         std::ranges::find(image.function_extents, at, &LinkRange::begin) != image.function_extents.end();
}

/// `range` and as much of the padding behind it as a jump of `size` bytes needs; empty when it is not there.
std::optional<LinkRange> with_padding(const model::Image& image, LinkRange range, std::size_t size) {
  while (range.size < size) {
    constexpr std::uint64_t longest_instruction = 15;
    const auto rest = image.read(range.end(), longest_instruction);
    const auto one = rest ? x86_64::decode_one(*rest) : std::nullopt;
    const bool is_padding = one && (one->is_nop || (*rest)[0] == std::byte{0xcc});
    if (!is_padding || is_entry(image, range.end())) return {};
    range.size += one->length;
  }
  return range;
}

/// Grows an extent shorter than a jump over the padding behind it: for a near jump, else for a short one.
void take_padding(const model::Image& image, LinkRange& range) {
  for (const std::size_t size : {x86_64::near_jump_size, x86_64::short_jump_size})
    if (const auto grown = with_padding(image, range, size)) {
      range = *grown;
      return;
    }
}

void check_sharing(const model::Image& image, const std::string& name,
                   const std::vector<std::string>& own_names, LinkAddress entry) {
  for (const model::ImageSymbol& symbol : image.symbols) {
    if (symbol.address != entry || symbol.type != model::SymbolType::function) continue;
    if (std::find(own_names.begin(), own_names.end(), symbol.name) != own_names.end()) continue;
    const model::ParsedName theirs = model::parse_name(symbol.name);
    const model::ParsedName ours = model::parse_name(name);
    if (theirs.base == ours.base && theirs.kind == ours.kind) continue;
    throw Error(ErrorCode::refused,
                name + " shares its code with " + symbol.name + " (identical code folding)",
                "a redirect would change both; rebuild the target without --icf");
  }
}

}  // namespace

std::vector<patch::Extent> extents_of(const model::Image& image, const std::string& name,
                                      const std::vector<std::string>& own_names, const CodeMatch& match) {
  std::vector<patch::Extent> extents;
  for (const MatchedPart& part : match.parts) {
    LinkRange range = whole_extent(image, part.code);
    if (extents.empty()) take_padding(image, range);
    auto bytes = image.read(range.begin, range.size);
    if (!bytes) throw Error(ErrorCode::mismatch, name + " leaves its segment", "check the target file");
    if (extents.empty()) check_sharing(image, name, own_names, range.begin);
    extents.push_back({range, std::move(*bytes)});
  }
  return extents;
}

std::vector<patch::Extent> islands_of(const model::Image& image, const std::string& name,
                                      const std::vector<patch::Extent>& extents) {
  const LinkRange& function = extents.at(0).range;
  if (function.size >= x86_64::near_jump_size) return {};
  auto islands =
      function.size < x86_64::short_jump_size ? std::vector<patch::Extent>() : find_islands(image, function);
  if (islands.empty())
    throw Error(ErrorCode::refused,
                name + " has " + std::to_string(function.size) + " bytes, and a jump needs " +
                    std::to_string(x86_64::near_jump_size) + "; no padding near it can hold one",
                "patch its callers instead: change them so that they differ, or call a new function");
  return islands;
}

std::vector<patch::LoadTimeField> load_time_fields(const model::Image& image, const std::string& name,
                                                   const std::vector<patch::Extent>& extents) {
  std::vector<patch::LoadTimeField> fields;
  for (const model::TextRelocation& relocation : image.text_relocations)
    for (const patch::Extent& extent : extents) {
      if (!relocation.place.overlaps(extent.range)) continue;
      const patch::LoadTimeField field{relocation.place.begin, !relocation.import};
      if (!relocation.is_whole_address || !field.is_inside(extent.range))
        throw Error(ErrorCode::refused,
                    name + " is changed by the dynamic loader in a way that stent does not know",
                    "build the target with -fPIC");
      fields.push_back(field);
    }
  return fields;
}

}  // namespace stent::bind
