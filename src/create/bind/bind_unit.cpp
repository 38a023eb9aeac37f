#include "create/bind/bind_unit.hpp"

#include <algorithm>
#include <set>

#include "create/bind/find_symbol.hpp"
#include "create/bind/known_copy.hpp"
#include "create/bind/missing_text.hpp"
#include "create/bind/presence.hpp"
#include "create/bind/replaced_function.hpp"

namespace stent::bind {

namespace {

bool is_anonymous(const model::Atom& atom) {
  return atom.name.empty() || atom.name.starts_with(".L") || atom.kind == model::AtomKind::string_literal ||
         atom.kind == model::AtomKind::merged_constant || atom.section.starts_with(".gcc_except_table");
}

bool is_constant(const model::Atom& atom) {
  return atom.kind == model::AtomKind::read_only || atom.kind == model::AtomKind::relocated_read_only;
}

/// The kind of GOT slot that a reference to a thread-local goes through; none for those that need no slot.
x86_64::RelocationType thread_slot_of(x86_64::RelocationType reference) {
  using x86_64::RelocationType;
  switch (reference) {
    case RelocationType::tlsgd: return RelocationType::dtpmod64;
    case RelocationType::gottpoff: return RelocationType::tpoff64;
    case RelocationType::gotpc32_tlsdesc: return RelocationType::tlsdesc;
    default: return RelocationType::none;
  }
}

/// Global to the module: also a hidden one that the linker made local.
bool is_global(const model::ImageSymbol& symbol) {
  return symbol.binding != model::SymbolBinding::local ||
         symbol.visibility != model::SymbolVisibility::normal;
}

class Binder {
 public:
  Binder(const model::Object& old_object, const model::Object& new_object, const diff::ChangeSet& changes,
         const model::Image& image, const UnitMatch& match, const std::map<std::string, LinkAddress>& globals)
      : old_(old_object),
        new_(new_object),
        changes_(changes),
        image_(image),
        match_(match),
        globals_(globals),
        presence_(old_object, image, match) {
    bound_.new_object = &new_object;
    bound_.changes = &changes;
    changed_.insert(changes.selected.begin(), changes.selected.end());
    for (std::uint32_t i = 0; i < new_object.functions.size(); ++i)
      functions_.emplace(new_object.functions[i].entry, model::FunctionId{i});
  }

  BoundUnit run(const std::set<std::string>& wanted) {
    for (const diff::FunctionChange& change : changes_.functions)
      if (change.kind == diff::ChangeKind::changed) bind_function(change);
    for (const diff::FunctionChange& change : changes_.functions)
      if (change.kind == diff::ChangeKind::added) take_if_others_may_use(*change.new_function);
    take_new_data();
    for (const std::string& name : wanted) take_wanted(name);
    while (!open_.empty()) {
      const model::AtomId id = open_.back();
      open_.pop_back();
      for (const model::Reference& reference : new_[id].references) bind_reference(reference);
      const auto& frame = new_.frames.at(id.value);
      if (!frame) continue;
      for (const model::Reference& reference : frame->cie_references) bind_reference(reference);
      for (const model::Reference& reference : frame->fde_references) bind_reference(reference);
    }
    bound_.selected.assign(selected_.begin(), selected_.end());
    return std::move(bound_);
  }

 private:
  void bind_function(const diff::FunctionChange& change) {
    const model::FunctionId id = change.old_function.value();
    const model::AtomId entry = old_[id].entry;
    const auto& matched = match_.functions[id.value];
    if (!matched) return leave_out(change, entry);
    std::vector<std::string> names;
    for (const model::Symbol& symbol : old_.symbols)
      if (symbol.definition == model::Place{entry, 0}) names.push_back(symbol.name);
    BoundFunction bound{change.new_function.value(), change.name,
                        extents_of(image_, change.name, names, *matched)};
    bound.load_time = load_time_fields(image_, change.name, bound.extents);
    bound.islands = islands_of(image_, change.name, bound.extents);
    bound_.replaced.push_back(std::move(bound));
    take_function(*change.new_function);
  }

  /// A changed function whose old code is not in the target needs no replacement where the linker chose that.
  void leave_out(const diff::FunctionChange& change, model::AtomId old_entry) {
    const model::AtomId new_entry = new_[*change.new_function].entry;
    const bool overridden = presence_.is_overridden(old_entry);
    const bool other_copy = old_[old_entry].in_group && !presence_.is_dropped(old_entry);
    if (overridden || other_copy) {
      bound_.atoms.emplace(new_entry, bind_by_name(image_, *exported(old_entry)));
      (overridden ? bound_.dropped : bound_.elsewhere).push_back(change.name);
    } else if (presence_.is_dropped(old_entry)) {
      bound_.dropped.push_back(change.name);
      take_if_others_may_use(*change.new_function);
    } else {
      throw Error(
          ErrorCode::mismatch,
          change.name + " is not in the target as the old source gives it: " + reason(*change.old_function),
          "build with the compiler, flags and source that made the target");
    }
  }

  [[nodiscard]] std::string reason(model::FunctionId id) const {
    const std::string& why = match_.mismatches[id.value];
    const std::string text = missing_text(old_, old_[id], image_);
    if (text.empty()) return why.empty() ? "no code there matches it, or several places do" : why;
    return (why.empty() ? "" : why + "; ") + "its text \"" + text + "\" is nowhere there";
  }

  void take(model::AtomId id) {
    if (selected_.insert(id).second) open_.push_back(id);
  }

  void take_function(model::FunctionId id) {
    take(new_[id].entry);
    for (const model::AtomId fragment : new_[id].fragments) take(fragment);
  }

  /// Functions that another unit of the patch can name.
  void take_if_others_may_use(model::FunctionId id) {
    const model::Symbol& symbol = new_[new_[id].symbol];
    if (symbol.binding == model::SymbolBinding::global && !new_[new_[id].entry].in_group) take_function(id);
  }

  /// Globals that the old source did not have: units of the patch may use them.
  void take_new_data() {
    for (const model::Symbol& symbol : new_.symbols) {
      if (symbol.binding != model::SymbolBinding::global || !symbol.definition) continue;
      const model::AtomId id = symbol.definition->atom;
      const bool is_new = id.value >= changes_.old_atom.size() || !changes_.old_atom[id.value];
      if (is_new && changed_.contains(id) && !functions_.contains(id) && !new_[id].in_group) take(id);
    }
  }

  /// What another unit of the patch needs of this one, and the target was linked without.
  void take_wanted(const std::string& name) {
    const auto symbol = std::ranges::find_if(new_.symbols, [&](const model::Symbol& one) {
      return one.name == name && one.binding != model::SymbolBinding::local && one.definition;
    });
    if (symbol == new_.symbols.end())
      throw Error(ErrorCode::internal, new_.source + " does not define " + name);
    const model::AtomId id = symbol->definition->atom;
    const auto old_id = id.value < changes_.old_atom.size() ? changes_.old_atom[id.value] : std::nullopt;
    if (!old_id || changed_.contains(id)) return take_with_parts(id);
    if (may_bring_along(*old_id)) return bring_along(id);
    throw Error(
        ErrorCode::refused,
        name + " of " + new_.source + " is needed by new code, and nothing tells whether the target has it",
        "build with the compiler, flags and source that made the target, and give its debug file "
        "(--debug-root)");
  }

  void take_with_parts(model::AtomId id) {
    const auto function = functions_.find(id);
    if (function == functions_.end()) return take(id);
    take_function(function->second);
  }

  void bind_reference(const model::Reference& reference) {
    const bool is_ifunc = reference.symbol && new_[*reference.symbol].type == model::SymbolType::ifunc;
    if (reference.place && !is_ifunc)
      reach(reference.place->atom, reference);
    else if (reference.symbol && !bound_.symbols.contains(*reference.symbol))
      bound_.symbols.emplace(*reference.symbol, bind_symbol(new_[*reference.symbol], reference));
  }

  void reach(model::AtomId id, const model::Reference& reference) {
    if (selected_.contains(id) || bound_.atoms.contains(id)) return;
    if (is_anonymous(new_[id])) return take(id);
    if (!changed_.contains(id)) return bind_atom(id, reference);
    const bool is_new = id.value >= changes_.old_atom.size() || !changes_.old_atom[id.value];
    if (is_new)
      if (auto known = known_copy(new_, id, image_)) {
        bound_.atoms.emplace(id, std::move(*known));
        return;
      }
    take_with_parts(id);
  }

  BoundTarget bind_symbol(const model::Symbol& symbol, const model::Reference& reference) {
    if (const auto known = match_.symbols.find(symbol.name); known != match_.symbols.end()) {
      BoundTarget bound = bind_to(image_, symbol.name, known->second, "matched code names it");
      bound.is_function = bound.is_function || symbol.type == model::SymbolType::function;
      return bound;
    }
    if (x86_64::describe(reference.type).is_tls) return bind_thread_local(symbol.name, reference.type);
    if (const auto resolver = known_resolver(symbol)) return bind_indirect(image_, symbol.name, *resolver);
    BoundTarget bound = bind_by_name(image_, symbol);
    const auto known = globals_.find(symbol.name);
    const bool is_open = std::holds_alternative<patch::DynamicSymbol>(bound.binding.where);
    if (is_open && symbol.name == "__dso_handle" && image_.is_executable) return any_handle();
    if (!is_open || known == globals_.end()) return bound;
    // Some linkers (mold) make globals that are not exported local.
    bound = bind_to(image_, symbol.name, known->second, "matched code of its own unit names it");
    bound.is_function = symbol.type == model::SymbolType::function;
    return bound;
  }

  /// A static variable's destructor is registered with __dso_handle (Itanium C++ ABI 3.3.6.3). Of a program
  /// whose symbols do not tell it, any address inside does: what is registered runs at exit(), and nothing
  /// unloads a program earlier.
  [[nodiscard]] BoundTarget any_handle() const {
    return bind_to(image_, "__dso_handle", image_.segments.front().memory.begin, "an address of the program");
  }

  /// Of an indirect function of the unit, by its matched code.
  [[nodiscard]] std::optional<LinkAddress> known_resolver(const model::Symbol& symbol) const {
    if (symbol.type != model::SymbolType::ifunc || !symbol.definition) return {};
    const auto old = std::ranges::find_if(old_.symbols, [&](const model::Symbol& other) {
      return other.name == symbol.name && other.type == symbol.type && other.definition;
    });
    if (old == old_.symbols.end()) return {};
    const auto atom = match_.atoms.find(old->definition->atom);
    if (atom == match_.atoms.end() || match_.conflicts.contains(atom->first)) return {};
    return atom->second + old->definition->offset;
  }

  /// Through the module's own slot for the symbol where it has one of the reference's kind (so that
  /// interposition stays what it was), else the module's own variable of this name.
  BoundTarget bind_thread_local(const std::string& name, x86_64::RelocationType type) {
    for (const model::TlsSlot& slot : image_.tls_slots)
      if (slot.symbol == name && slot.type == thread_slot_of(type))
        return {{name, patch::ModuleAddress{slot.slot}}, Access::slot, false, "the module's slot for it"};
    std::optional<LinkAddress> offset;
    for (const model::ImageSymbol& symbol : image_.symbols)
      if (symbol.name == name && symbol.type == model::SymbolType::tls && is_global(symbol))
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
    if (may_bring_along(*old_id)) return bring_along(id);
    if (is_slot_without_name(*old_id)) return take_with_parts(id);
    refuse_dropped_thread_local(*old_id);
    BoundTarget bound = find_atom(*old_id, reference);
    bound.is_function = atom.kind == model::AtomKind::code;
    bound_.atoms.emplace(id, std::move(bound));
  }

  /// What the target's linker dropped comes along; variables only where nothing in the target can know them.
  [[nodiscard]] bool may_bring_along(model::AtomId old_id) const {
    const model::Atom& atom = old_[old_id];
    if (atom.kind == model::AtomKind::code || is_constant(atom)) return presence_.is_dropped(old_id);
    const bool is_variable = atom.kind == model::AtomKind::writable || atom.kind == model::AtomKind::zero;
    return is_variable && presence_.is_unused(old_id);
  }

  /// Takes what the target was linked without, unless it is what no patch can hold.
  void bring_along(model::AtomId id) {
    const auto function = functions_.find(id);
    if (function == functions_.end()) return take(id);
    const auto refuse = [&](const std::string& why) {
      throw Error(ErrorCode::refused,
                  "the target was linked without " + new_[id].name + ", which new code needs: " + why,
                  "do without it in the new code");
    };
    for (const auto& [unpatchable, why] : new_.unpatchable)
      if (unpatchable == function->second) refuse(why);
    for (const model::Symbol& symbol : new_.symbols)
      if (symbol.definition == model::Place{id, 0} && symbol.type == model::SymbolType::ifunc)
        refuse("it is the resolver of an indirect function (IFUNC), which only the loader calls");
    take_function(function->second);
  }

  void refuse_dropped_thread_local(model::AtomId old_id) const {
    const model::AtomKind kind = old_[old_id].kind;
    if ((kind != model::AtomKind::tls_data && kind != model::AtomKind::tls_zero) ||
        !presence_.is_dropped(old_id))
      return;
    throw Error(ErrorCode::refused,
                "the target was linked without the thread-local " + old_[old_id].name +
                    ", which new code needs, and running threads have no room for it",
                "do without it in the new code");
  }

  /// The word through which call frames name a personality routine: nobody compares its address, so that one
  /// of the patch's own does where a stripped target does not tell where its own is.
  [[nodiscard]] bool is_slot_without_name(model::AtomId old_id) const {
    const model::Symbol* symbol = exported(old_id);
    return symbol != nullptr && symbol->name.starts_with("DW.ref.") && !match_.atoms.contains(old_id) &&
           !match_.symbols.contains(symbol->name) && bind_by_name(image_, *symbol).access == Access::own_slot;
  }

  BoundTarget find_atom(model::AtomId old_id, const model::Reference& reference) {
    const model::Atom& atom = old_[old_id];
    if (const auto symbol = match_.symbols.find(atom.name); symbol != match_.symbols.end())
      return bind_to(image_, atom.name, symbol->second, "matched code reaches it this way");
    if (const model::Symbol* symbol = exported(old_id);
        symbol != nullptr && may_be_interposed(image_, *symbol, reference))
      return {{symbol->name, patch::DynamicSymbol{"", false}},
              Access::own_slot,
              false,
              "another module may define it first"};
    if (const auto known = match_.atoms.find(old_id); known != match_.atoms.end())
      return bind_to(image_, atom.name, known->second, "matched code names it");
    if (const model::Symbol* symbol = exported(old_id)) {
      if (x86_64::describe(reference.type).is_tls) return bind_thread_local(symbol->name, reference.type);
      return bind_global(*symbol);
    }
    if (match_.file_block && !atom.name.empty())
      if (const auto address = local_in_block(image_, *match_.file_block, atom))
        return bind_to(image_, atom.name, *address, "name, size and contents in the unit's symbol block");
    throw Error(ErrorCode::refused,
                (atom.name.empty() ? "a constant of " + atom.section : atom.name) +
                    " cannot be located in the target: no matching code names it",
                "give the target's symbols (--debug-root, --same-build)");
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
  const std::map<std::string, LinkAddress>& globals_;
  Presence presence_;
  std::map<model::AtomId, model::FunctionId> functions_;  ///< of the new object, by entry
  std::set<model::AtomId> changed_;                       ///< what the diff selected
  std::set<model::AtomId> selected_;
  std::vector<model::AtomId> open_;
  BoundUnit bound_;
};

}  // namespace

BoundUnit bind_unit(const model::Object& old_object, const model::Object& new_object,
                    const diff::ChangeSet& changes, const model::Image& image, const UnitMatch& match,
                    const std::map<std::string, LinkAddress>& globals, const std::set<std::string>& wanted) {
  return Binder(old_object, new_object, changes, image, match, globals).run(wanted);
}

}  // namespace stent::bind
