#include "create/bind/bind_unit.hpp"

#include <algorithm>
#include <set>

#include "create/bind/find_symbol.hpp"
#include "create/bind/replaced_function.hpp"

namespace stent::bind {

namespace {

class Binder {
 public:
  Binder(const model::Object& old_object, const model::Object& new_object, const diff::ChangeSet& changes,
         const model::Image& image, const UnitMatch& match)
      : old_(old_object), new_(new_object), changes_(changes), image_(image), match_(match) {
    bound_.new_object = &new_object;
    bound_.changes = &changes;
    selected_.insert(changes.selected.begin(), changes.selected.end());
  }

  BoundUnit run() {
    for (const diff::FunctionChange& change : changes_.functions)
      if (change.kind == diff::ChangeKind::changed) bind_function(change);
    for (const model::AtomId id : changes_.selected) {
      for (const model::Reference& reference : new_[id].references) bind_reference(reference);
      if (const auto& frame = new_.frames.at(id.value))
        for (const model::Reference& reference : frame->cie_references) bind_reference(reference);
    }
    return std::move(bound_);
  }

 private:
  void bind_function(const diff::FunctionChange& change) {
    const model::FunctionId id = change.old_function.value();
    const auto& matched = match_.functions[id.value];
    if (!matched) {
      const std::string& why = match_.mismatches[id.value];
      throw Error(ErrorCode::mismatch,
                  change.name + " is not in the target as the old source gives it: " +
                      (why.empty() ? "no code there matches it, or several places do" : why),
                  "build with the compiler, flags and source that made the target");
    }
    std::vector<std::string> names;
    for (const model::Symbol& symbol : old_.symbols)
      if (symbol.definition == model::Place{old_[id].entry, 0}) names.push_back(symbol.name);
    bound_.replaced.push_back(
        {change.new_function.value(), change.name, extents_of(image_, change.name, names, *matched)});
  }

  void bind_reference(const model::Reference& reference) {
    if (reference.place) {
      if (!selected_.contains(reference.place->atom)) bind_atom(reference.place->atom, reference);
    } else if (reference.symbol && !bound_.symbols.contains(*reference.symbol)) {
      bound_.symbols.emplace(*reference.symbol, bind_symbol(new_[*reference.symbol], reference));
    }
  }

  BoundTarget bind_symbol(const model::Symbol& symbol, const model::Reference& reference) {
    if (const auto known = match_.symbols.find(symbol.name); known != match_.symbols.end()) {
      BoundTarget bound = bind_to(image_, symbol.name, known->second, "matched code names it");
      bound.is_function = bound.is_function || symbol.type == model::SymbolType::function;
      return bound;
    }
    if (x86_64::describe(reference.type).is_tls) return bind_thread_local(symbol.name);
    return bind_by_name(image_, symbol);
  }

  BoundTarget bind_thread_local(const std::string& name) {
    std::optional<LinkAddress> offset;
    for (const model::ImageSymbol& symbol : image_.symbols)
      if (symbol.name == name && symbol.type == model::SymbolType::tls &&
          symbol.binding != model::SymbolBinding::local)
        offset = symbol.address;
    if (!offset)
      throw Error(ErrorCode::refused, "the thread-local " + name + " cannot be located in the target",
                  "refer to it only from functions that referred to it before");
    return bind_to(image_, name, Inference::TlsOffset{offset->value},
                   "the module's thread-local of this name");
  }

  void bind_atom(model::AtomId id, const model::Reference& reference) {
    if (bound_.atoms.contains(id)) return;
    const model::Atom& atom = new_[id];
    const auto old_id = id.value < changes_.old_atom.size() ? changes_.old_atom[id.value] : std::nullopt;
    if (!old_id)
      throw Error(ErrorCode::internal,
                  "the reference to " + atom.name + " leaves the patch and has no old side");
    if (const auto conflict = match_.conflicts.find(*old_id); conflict != match_.conflicts.end())
      throw Error(ErrorCode::refused, atom.name + " cannot be bound: " + conflict->second,
                  "build with the compiler, flags and source that made the target");
    BoundTarget bound = find_atom(*old_id, reference);
    bound.is_function = atom.kind == model::AtomKind::code;
    bound_.atoms.emplace(id, std::move(bound));
  }

  BoundTarget find_atom(model::AtomId old_id, const model::Reference& reference) {
    const model::Atom& atom = old_[old_id];
    if (const auto symbol = match_.symbols.find(atom.name); symbol != match_.symbols.end())
      return bind_to(image_, atom.name, symbol->second, "matched code reaches it this way");
    if (const auto known = match_.atoms.find(old_id); known != match_.atoms.end())
      return bind_to(image_, atom.name, known->second, "matched code names it");
    if (const model::Symbol* symbol = exported(old_id)) {
      if (x86_64::describe(reference.type).is_tls) return bind_thread_local(symbol->name);
      return bind_global(*symbol);
    }
    if (match_.file_block && !atom.name.empty())
      if (const auto address = local_in_block(image_, *match_.file_block, atom))
        return bind_to(image_, atom.name, *address, "name, size and contents in the unit's symbol block");
    throw Error(ErrorCode::refused,
                (atom.name.empty() ? "a constant of " + atom.section : atom.name) +
                    " cannot be located in the target: no matching code names it",
                "give the target's symbols (--debug-root, --symbols-from)");
  }

  /// The non-local symbol at the start of an old atom, or null.
  const model::Symbol* exported(model::AtomId id) const {
    for (const model::Symbol& symbol : old_.symbols)
      if (symbol.definition == model::Place{id, 0} && symbol.binding != model::SymbolBinding::local)
        return &symbol;
    return nullptr;
  }

  BoundTarget bind_global(const model::Symbol& symbol) {
    BoundTarget bound = bind_by_name(image_, symbol);
    if (bound.access == Access::own_slot)
      throw Error(ErrorCode::refused, symbol.name + " is not in the target",
                  "the linker dropped it; it cannot be used by the patch");
    return bound;
  }

  const model::Object& old_;
  const model::Object& new_;
  const diff::ChangeSet& changes_;
  const model::Image& image_;
  const UnitMatch& match_;
  std::set<model::AtomId> selected_;
  BoundUnit bound_;
};

}  // namespace

BoundUnit bind_unit(const model::Object& old_object, const model::Object& new_object,
                    const diff::ChangeSet& changes, const model::Image& image, const UnitMatch& match) {
  return Binder(old_object, new_object, changes, image, match).run();
}

}  // namespace stent::bind
