#include "create/bind/replaced_function.hpp"

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/jump.hpp"

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

/// Grows an extent shorter than a jump over the padding behind it.
void take_padding(const model::Image& image, const std::string& name, LinkRange& range) {
  while (range.size < x86_64::near_jump_size) {
    constexpr std::uint64_t longest_instruction = 15;
    const auto rest = image.read(range.end(), longest_instruction);
    const auto one = rest ? x86_64::decode_one(*rest) : std::nullopt;
    const bool is_padding = one && (one->is_nop || std::to_integer<int>((*rest)[0]) == 0xcc);
    bool is_entry = false;
    for (const model::ImageSymbol& symbol : image.symbols)
      is_entry = is_entry || symbol.address == range.end();
    if (!is_padding || is_entry)
      throw Error(ErrorCode::refused,
                  name + " has " + std::to_string(range.size) + " bytes, and a jump needs " +
                      std::to_string(x86_64::near_jump_size),
                  "patch its callers instead: change them so that they differ, or call a new function");
    range.size += one->length;
  }
}

void check_loops(const std::string& name, const LinkRange& range, const Bytes& code) {
  for (const x86_64::Instruction& instruction : x86_64::decode(code)) {
    if (!instruction.branch_target) continue;
    const std::int64_t to = *instruction.branch_target;
    if (to > 0 && to < static_cast<std::int64_t>(x86_64::near_jump_size) &&
        to < static_cast<std::int64_t>(range.size))
      throw Error(ErrorCode::refused,
                  name + " branches back into its first " + std::to_string(x86_64::near_jump_size) +
                      " bytes, where the redirect would stand",
                  "patch its callers instead");
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
    if (extents.empty()) take_padding(image, name, range);
    for (const LinkRange& relocated : image.text_relocations)
      if (relocated.overlaps(range))
        throw Error(ErrorCode::refused, name + " is changed by the dynamic loader (text relocations)",
                    "build the target with -fPIC");
    auto bytes = image.read(range.begin, range.size);
    if (!bytes) throw Error(ErrorCode::mismatch, name + " leaves its segment", "check the target file");
    if (extents.empty()) {
      check_loops(name, range, *bytes);
      check_sharing(image, name, own_names, range.begin);
    }
    extents.push_back({range, std::move(*bytes)});
  }
  return extents;
}

}  // namespace stent::bind
