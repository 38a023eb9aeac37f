#include "create/bind/presence.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace stent::bind {

namespace {

bool has_block_of(const model::Object& object, const model::Image& image) {
  return std::ranges::any_of(image.files, [&](const std::string& file) { return is_block_of(file, object); });
}

}  // namespace

Presence::Presence(const model::Object& old_object, const model::Image& image, const UnitMatch& match)
    : object_(old_object), match_(match), has_block_(has_block_of(old_object, image)) {
  std::set<LinkAddress> known;  // of which matched code says what is there
  for (const auto& [id, address] : match.atoms)
    if (!old_object[id].name.empty() && !match.conflicts.contains(id)) known.insert(address);
  std::unordered_set<std::string_view> asked;  // images are large
  for (const model::Symbol& symbol : old_object.symbols) asked.insert(symbol.name);
  for (const model::ImageSymbol& symbol : image.symbols) {
    const bool is_asked = asked.contains(symbol.name);
    if (is_asked) names_.insert(symbol.name);
    if (is_asked && symbol.binding == model::SymbolBinding::global) strong_names_.insert(symbol.name);
    has_locals_ = has_locals_ || (symbol.file && !image.files[*symbol.file].empty());
    const bool is_known = known.contains(symbol.address);
    if (symbol.file && !is_known && is_block_of(image.files[*symbol.file], old_object))
      block_names_.insert(model::parse_name(symbol.name).base);
  }
}

bool Presence::is_dropped(model::AtomId id) const {
  if (!has_locals_ || match_.atoms.contains(id) || match_.conflicts.contains(id)) return false;
  bool has_name = false;
  for (const model::Symbol& symbol : object_.symbols) {
    if (!symbol.definition || symbol.definition->atom != id || symbol.name.empty()) continue;
    has_name = true;
    const bool is_local = symbol.binding == model::SymbolBinding::local;
    // A unit whose locals were removed before it was linked has none.
    if (is_local && (!has_block_ || block_names_.contains(model::parse_name(symbol.name).base))) return false;
    if (!is_local && names_.contains(symbol.name)) return false;
  }
  return has_name;
}

bool Presence::is_unused(model::AtomId id) const {
  if (!is_dropped(id)) return false;
  for (std::uint32_t i = 0; i < object_.atoms.size(); ++i) {
    const auto& references = object_.atoms[i].references;
    const bool refers = std::any_of(references.begin(), references.end(), [&](const model::Reference& r) {
      return r.place && r.place->atom == id;
    });
    if (refers && i != id.value && !is_dropped({i})) return false;
  }
  return true;
}

bool Presence::is_overridden(model::AtomId id) const {
  for (const model::Symbol& symbol : object_.symbols)
    if (symbol.definition == model::Place{id, 0} && symbol.binding == model::SymbolBinding::weak &&
        strong_names_.contains(symbol.name))
      return true;
  return false;
}

}  // namespace stent::bind
