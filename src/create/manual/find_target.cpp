#include "create/manual/find_target.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "binary/arch/x86_64/decode.hpp"

namespace stent::manual {
namespace {

bool is_in_file(const model::Image& image, const model::ImageSymbol& symbol, const std::string& file) {
  if (file.empty()) return true;
  if (!symbol.file) return false;
  const std::string& theirs = image.files[*symbol.file];
  return theirs == file || theirs.ends_with("/" + file) || file.ends_with("/" + theirs);
}

LinkRange extent_at(const model::Image& image, LinkAddress begin, std::uint64_t symbol_size) {
  for (const LinkRange& range : image.function_extents)
    if (range.begin == begin) return {begin, std::max(range.size, symbol_size)};
  return {begin, symbol_size};
}

bool is_cold(const model::ImageSymbol& symbol, const std::string& base) {
  const model::ParsedName name = model::parse_name(symbol.name);
  return name.base == base && (name.kind.ends_with("cold") || name.kind == "__part");
}

/// The cold part of `base` that holds `at`, if it is in one.
const model::ImageSymbol* cold_part(const model::Image& image, const std::string& base, LinkAddress at) {
  for (const model::ImageSymbol& symbol : image.symbols)
    if (LinkRange{symbol.address, symbol.size}.contains(at) && is_cold(symbol, base)) return &symbol;
  return nullptr;
}

/// A cold part that only a jump table leads to.
void add_by_name(const model::Image& image, const model::ImageSymbol& function, const std::string& base,
                 std::vector<LinkRange>& parts) {
  std::vector<LinkRange> named;
  for (const model::ImageSymbol& symbol : image.symbols)
    if (is_cold(symbol, base) && (!function.file || symbol.file == function.file))
      named.push_back(extent_at(image, symbol.address, symbol.size));
  if (named.size() == 1 && std::ranges::find(parts, named[0].begin, &LinkRange::begin) == parts.end())
    parts.push_back(named[0]);
}

}  // namespace

const model::ImageSymbol& find_target(const model::Image& image, const TargetName& name) {
  const model::ImageSymbol* found = nullptr;
  const std::string shown = name.symbol + (name.file.empty() ? "" : " of " + name.file);
  for (const model::ImageSymbol& symbol : image.symbols) {
    if (symbol.name != name.symbol || !is_in_file(image, symbol, name.file)) continue;
    if (found != nullptr && (found->address != symbol.address || found->type != symbol.type))
      throw Error(ErrorCode::refused, shown + " is in the target more than once",
                  "name its file: STENT_REPLACE_IN or STENT_BIND_IN");
    if (found == nullptr || symbol.file) found = &symbol;
  }
  if (found == nullptr)
    throw Error(ErrorCode::refused, shown + " is not in " + image.path.string(),
                "check the name with nm; a stripped target needs its debug file (--debug-root)");
  return *found;
}

std::vector<LinkRange> parts_of(const model::Image& image, const model::ImageSymbol& function) {
  const std::string base = model::parse_name(function.name).base;
  std::vector<LinkRange> parts{extent_at(image, function.address, function.size)};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto code = image.read(parts[i].begin, parts[i].size);
    if (!code)
      throw Error(ErrorCode::mismatch, function.name + " leaves its segment", "check the target file");
    for (const x86_64::Instruction& one : x86_64::decode(*code)) {
      if (!one.branch_target || one.flow == x86_64::Flow::call) continue;
      const LinkAddress to = parts[i].begin + *one.branch_target;
      const model::ImageSymbol* cold = cold_part(image, base, to);
      if (cold == nullptr) continue;
      const LinkRange extent = extent_at(image, cold->address, cold->size);
      if (std::ranges::find(parts, extent.begin, &LinkRange::begin) == parts.end()) parts.push_back(extent);
    }
  }
  add_by_name(image, function, base, parts);
  return parts;
}

}  // namespace stent::manual
