#include "create/require_same_units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "binary/dwarf/unit_names.hpp"

namespace stent::create {
namespace {

using Names = std::set<std::string>;

std::string base_of(const std::string& name) { return model::parse_name(name).base; }

Names bases_of(const model::Object& object) {
  Names bases;
  for (const model::Symbol& symbol : object.symbols) bases.insert(base_of(symbol.name));
  return bases;
}

/// Whether the compiler made the symbol, so that a unit which has it must define it.
bool is_compiled(const model::ImageSymbol& symbol) {
  return symbol.visibility == model::SymbolVisibility::normal && symbol.type != model::SymbolType::none &&
         symbol.name.find('$') == std::string::npos;  // mold's own
}

/// A symbol that the unit's block has and the unit does not define; where several blocks may be the unit's,
/// empty unless all have one.
std::string foreign_symbol(const ChosenUnit& unit, const model::Image& target) {
  const model::Object& object = *unit.unit->old_object;
  if (object.source.empty() || object.source == "<artificial>") return {};
  const Names own = bases_of(object);
  std::map<std::uint32_t, std::string> blocks;
  for (std::uint32_t i = 0; i < target.files.size(); ++i)
    if (unit.match.file_block ? i == *unit.match.file_block : bind::is_block_of(target.files[i], object))
      blocks[i];
  for (const model::ImageSymbol& symbol : target.symbols) {
    const auto block = symbol.file ? blocks.find(*symbol.file) : blocks.end();
    if (block == blocks.end() || !is_compiled(symbol) || own.contains(base_of(symbol.name))) continue;
    if (block->second.empty()) block->second = symbol.name;
  }
  for (const auto& [block, name] : blocks)
    if (name.empty()) return {};
  return blocks.empty() ? std::string() : blocks.begin()->second;
}

/// Where code of the unit stands that no other unit can have.
std::optional<LinkAddress> place_of(const ChosenUnit& unit) {
  const model::Object& object = *unit.unit->old_object;
  for (std::size_t i = 0; i < unit.match.functions.size(); ++i)
    if (const auto& match = unit.match.functions[i]; match && !object[object.functions[i].entry].in_group)
      return match->parts.front().code.begin;
  return {};
}

bool is_in_memory(const model::Image& target, const dwarf::UnitNames& names, const std::string& name) {
  const auto at = names.addresses.find(name);
  const auto* segment = at == names.addresses.end() ? nullptr : target.segment_of(at->second);
  return segment != nullptr && segment->writable;
}

/// What the debug information of the target's unit says against its being this one. Only names that the
/// object's own knows are asked for: compilers describe not all.
std::string contradiction(const ChosenUnit& unit, const model::Image& target, const Names& brought) {
  const model::Object& object = *unit.unit->old_object;
  const auto place = place_of(unit);
  if (!place || object.source.empty()) return {};
  const std::string source = std::filesystem::path(object.source).filename();
  const auto theirs = dwarf::unit_names(target.debug_file, target.debug_roots, source, *place);
  const auto ours = dwarf::unit_names(object.path, {}, source, {});
  if (!theirs || !ours) return {};
  for (const std::string& symbol : brought) {
    const std::string name = base_of(symbol);
    const bool is_missing =
        (ours->functions.contains(name) && !theirs->functions.contains(name)) ||
        (!theirs->variables.empty() && ours->variables.contains(name) && !theirs->variables.contains(name));
    if (is_missing) return fmt::format("its debug information knows no {}", symbol);
    if (is_in_memory(target, *theirs, name))
      return fmt::format("by its debug information it was linked with {}", symbol);
  }
  return {};
}

}  // namespace

void require_same_units(const std::vector<ChosenUnit>& units, const model::Image& target,
                        const BroughtParts& brought) {
  for (const ChosenUnit& unit : units) {
    const std::string& source = unit.unit->pair.source;
    const auto parts = brought.find(source);
    if (parts == brought.end()) continue;
    std::string why = foreign_symbol(unit, target);
    why = why.empty() ? contradiction(unit, target, parts->second)
                      : fmt::format("it has {}, which {} does not define", why, source);
    if (why.empty()) continue;
    throw Error(ErrorCode::refused,
                fmt::format("{} is needed of {}, but {} was linked with another unit of that name: {}",
                            *parts->second.begin(), source, target.path.filename().string(), why),
                "give the objects, or the commands, that the target was built from");
  }
}

}  // namespace stent::create
