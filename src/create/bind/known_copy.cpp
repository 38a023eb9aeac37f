#include "create/bind/known_copy.hpp"

#include <algorithm>

#include "create/bind/find_symbol.hpp"
#include "create/bind/match_code.hpp"

namespace stent::bind {

namespace {

const model::Symbol* shared_symbol(const model::Object& object, model::AtomId id) {
  for (const model::Symbol& symbol : object.symbols)
    if (symbol.definition == model::Place{id, 0} && symbol.binding != model::SymbolBinding::local)
      return &symbol;
  return nullptr;
}

const model::Function* function_of(const model::Object& object, model::AtomId id) {
  for (const model::Function& function : object.functions)
    if (function.entry == id) return &function;
  return nullptr;
}

/// True when everything that the matched code names is called in the target as it is in the object.
bool names_agree(const model::Object& object, const CodeMatch& match, const model::Image& image) {
  return std::all_of(match.inferences.begin(), match.inferences.end(), [&](const Inference& inference) {
    const auto* symbol = std::get_if<model::SymbolId>(&inference.what);
    const std::string& name =
        symbol != nullptr ? object[*symbol].name : object[std::get<model::AtomId>(inference.what)].name;
    if (name.empty() || name.starts_with(".L")) return true;
    if (const auto* import = std::get_if<Inference::ImportIndex>(&inference.where))
      return image.imports[import->value].name == name;
    const auto* address = std::get_if<LinkAddress>(&inference.where);
    if (address == nullptr) return true;
    bool known = false;
    for (const model::ImageSymbol& found : image.symbols) {
      if (found.name == name && found.address == *address) return true;
      known = known || found.address == *address;
    }
    return !known;
  });
}

bool has_content(const model::Atom& atom, const model::Image& image, LinkAddress at) {
  if (atom.kind != model::AtomKind::read_only || !atom.references.empty()) return true;
  return image.read(at, atom.bytes.size()) == std::optional<Bytes>(atom.bytes);
}

bool has_size(const model::Atom& atom, const std::string& name, const model::Image& image) {
  return std::any_of(image.symbols.begin(), image.symbols.end(), [&](const model::ImageSymbol& symbol) {
    return symbol.name == name && symbol.size == atom.size;
  });
}

}  // namespace

std::optional<BoundTarget> known_copy(const model::Object& object, model::AtomId id,
                                      const model::Image& image) {
  const model::Atom& atom = object[id];
  const model::Symbol* symbol = shared_symbol(object, id);
  if (!atom.in_group || symbol == nullptr) return {};
  BoundTarget bound = bind_by_name(image, *symbol);
  if (bound.access == Access::own_slot) return {};
  bound.evidence = "the target's copy of it";
  const auto* address = std::get_if<patch::ModuleAddress>(&bound.binding.where);
  if (bound.access != Access::direct || address == nullptr) return bound;
  if (const model::Function* function = function_of(object, id)) {
    const auto outcome = match_code(object, *function, image, address->address);
    const auto* match = std::get_if<CodeMatch>(&outcome);
    if (match == nullptr || !names_agree(object, *match, image)) return {};
    bound.is_function = true;
    return bound;
  }
  if (!has_size(atom, symbol->name, image))
    throw Error(ErrorCode::refused, symbol->name + " is in the target with another size",
                "give it a new name; what is there lives on");
  if (!has_content(atom, image, address->address)) return {};
  return bound;
}

}  // namespace stent::bind
