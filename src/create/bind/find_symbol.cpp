#include "create/bind/find_symbol.hpp"

#include <algorithm>
#include <vector>

namespace stent::bind {

namespace {

bool fits(const model::Symbol& wanted, const model::ImageSymbol& found) {
  using model::SymbolType;
  if (wanted.type == SymbolType::none) return true;
  if (wanted.type == SymbolType::function)
    return found.type == SymbolType::function || found.type == SymbolType::ifunc ||
           found.type == SymbolType::none;
  return wanted.type == found.type || found.type == SymbolType::none;
}

patch::Binding at_address(const std::string& name, LinkAddress address) {
  return {name, patch::ModuleAddress{address}};
}

BoundTarget bind_import(const model::Image& image, std::size_t index, std::string evidence) {
  const model::Import& import = image.imports[index];
  BoundTarget bound;
  bound.is_function = import.type == model::SymbolType::function;
  bound.evidence = std::move(evidence);
  if (import.copy || import.canonical) {
    bound.binding = at_address(import.name, import.copy ? *import.copy : *import.canonical);
    return bound;
  }
  if (!import.got_slot && !import.jump_slot) {  // the loader writes it into code or data
    bound.access = Access::own_slot;
    bound.binding = {import.name, patch::DynamicSymbol{import.version, import.weak}};
    return bound;
  }
  bound.access = Access::slot;
  // A JUMP_SLOT may still hold its PLT entry's address: good to jump through, but not as the function's
  // identity.
  bound.binding = at_address(import.name, import.got_slot ? *import.got_slot : import.jump_slot.value());
  return bound;
}

/// A module may import one name in several versions, each by a symbol of its own.
std::optional<std::size_t> find_import(const model::Image& image, const std::string& name) {
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < image.imports.size(); ++i) {
    if (image.imports[i].name != name) continue;
    if (only)
      throw Error(ErrorCode::refused,
                  name + " is imported in several versions, and no matched code tells which",
                  "name the version (.symver), or call it through a function that did so before");
    only = i;
  }
  return only;
}

/// ThinLTO makes locals global as "name.llvm.HASH", and the hash changes with the unit's text.
bool is_called(const model::ImageSymbol& found, const model::Symbol& wanted) {
  if (found.name == wanted.name) return true;
  if (wanted.name.find(".llvm.") == std::string::npos || found.name.find(".llvm.") == std::string::npos)
    return false;
  return model::parse_name(found.name).base == model::parse_name(wanted.name).base;
}

/// The module's definitions of `name` that linking by name could mean: globals, and globals made local by
/// visibility (which stand in no unit's block).
std::vector<const model::ImageSymbol*> definitions(const model::Image& image, const model::Symbol& symbol) {
  std::vector<const model::ImageSymbol*> globals, hidden;
  for (const model::ImageSymbol& found : image.symbols) {
    if (!is_called(found, symbol) || !fits(symbol, found)) continue;
    if (found.binding != model::SymbolBinding::local) {
      globals.push_back(&found);
    } else if (!found.file || image.files[*found.file].empty() ||
               found.visibility != model::SymbolVisibility::normal) {
      hidden.push_back(&found);
    }
  }
  return globals.empty() ? hidden : globals;
}

/// "name@VERSION" or "name@@VERSION", as .symver leaves it.
std::pair<std::string, std::string> split_version(const std::string& name) {
  const std::size_t at = name.find('@');
  if (at == std::string::npos || at == 0) return {name, ""};
  const std::size_t version = name.find_first_not_of('@', at);
  return {name.substr(0, at), version == std::string::npos ? "" : name.substr(version)};
}

}  // namespace

std::optional<LinkAddress> local_in_block(const model::Image& image, std::uint32_t block,
                                          const model::Atom& atom) {
  const model::ParsedName wanted = model::parse_name(atom.name);
  std::optional<LinkAddress> address;
  for (const model::ImageSymbol& symbol : image.symbols) {
    if (symbol.file != block || symbol.size != atom.size) continue;
    // "seen.0" and "seen.1" are different variables whose ordinals drift, so such names must be equal and
    // alone.
    if (symbol.name != atom.name) continue;
    if (atom.kind == model::AtomKind::read_only && atom.references.empty() &&
        image.read(symbol.address, atom.size) != std::optional<Bytes>(atom.bytes))
      continue;
    if (address && *address != symbol.address) return {};
    address = symbol.address;
  }
  if (wanted.ordinal) return {};
  return address;
}

bool may_be_interposed(const model::Image& image, const model::Symbol& symbol,
                       const model::Reference& reference) {
  using x86_64::RelocationType;
  if (image.is_executable || image.is_symbolic || symbol.visibility != model::SymbolVisibility::normal)
    return false;
  const bool is_plain = reference.type == RelocationType::pc32 || reference.type == RelocationType::pc64;
  if (is_plain || x86_64::describe(reference.type).is_tls) return false;
  return std::ranges::any_of(image.symbols, [&](const model::ImageSymbol& found) {
    return found.name == symbol.name && found.binding != model::SymbolBinding::local &&
           found.visibility == model::SymbolVisibility::normal;
  });
}

BoundTarget bind_indirect(const model::Image& image, const std::string& name, LinkAddress resolver) {
  const auto slot = image.ifunc_slots.find(resolver);
  if (slot != image.ifunc_slots.end())
    return {at_address(name, slot->second), Access::slot, true, "the slot its resolver chose for"};
  return {{name, patch::ChosenFunction{resolver}},
          Access::own_slot,
          true,
          "its resolver is asked when the patch is applied"};
}

BoundTarget bind_by_name(const model::Image& image, const model::Symbol& symbol) {
  if (const auto import = find_import(image, symbol.name))
    return bind_import(image, *import, "the module imports it");
  const auto found = definitions(image, symbol);
  for (const model::ImageSymbol* other : found)
    if (other->address != found.front()->address)
      throw Error(ErrorCode::refused, symbol.name + " is in the target more than once",
                  "name the unit that defines it, or pass that unit's objects too");
  if (!found.empty()) {
    BoundTarget bound;
    bound.binding = at_address(symbol.name, found.front()->address);
    bound.is_function = found.front()->type == model::SymbolType::function;
    bound.evidence = "the module's only global of this name";
    if (found.front()->type == model::SymbolType::ifunc)
      return bind_indirect(image, symbol.name, found.front()->address);
    return bound;
  }
  const bool weak = symbol.binding == model::SymbolBinding::weak;
  BoundTarget bound;
  bound.access = Access::own_slot;
  bound.is_function = symbol.type == model::SymbolType::function;
  const auto [name, version] = split_version(symbol.name);
  bound.binding = {name, patch::DynamicSymbol{version, weak}};
  bound.evidence = "looked up in the target's search order when applied";
  return bound;
}

BoundTarget bind_to(const model::Image& image, const std::string& name,
                    const decltype(Inference::where)& where, std::string evidence) {
  if (const auto* import = std::get_if<Inference::ImportIndex>(&where))
    return bind_import(image, import->value, std::move(evidence));
  BoundTarget bound;
  bound.evidence = std::move(evidence);
  if (const auto* tls = std::get_if<Inference::TlsOffset>(&where)) {
    bound.access = Access::thread;
    bound.binding = {name, patch::ThreadOffset{tls->value}};
    return bound;
  }
  bound.binding = at_address(name, std::get<LinkAddress>(where));
  return bound;
}

}  // namespace stent::bind
