#include "create/manual/bind_manual.hpp"

#include <algorithm>
#include <set>

#include "create/bind/find_symbol.hpp"
#include "create/bind/hook_kind.hpp"
#include "create/bind/replaced_function.hpp"
#include "create/manual/find_target.hpp"

namespace stent::manual {
namespace {

using model::AtomId;

/// What the replacements need of their own object.
class Carried {
 public:
  explicit Carried(const model::Object& object) : object_(object) {}

  void add(AtomId id) {
    if (!atoms_.insert(id).second) return;
    for (const model::Function& function : object_.functions)
      if (function.entry == id)
        for (const AtomId fragment : function.fragments) add(fragment);
    for (const model::Reference& reference : object_[id].references) follow(reference);
    if (id.value >= object_.frames.size() || !object_.frames[id.value]) return;
    const model::FrameDescription& frame = *object_.frames[id.value];
    for (const auto* references : {&frame.cie_references, &frame.fde_references})
      for (const model::Reference& reference : *references) follow(reference);
  }

  [[nodiscard]] const std::set<AtomId>& atoms() const { return atoms_; }
  [[nodiscard]] const std::set<model::SymbolId>& undefined() const { return undefined_; }

 private:
  void follow(const model::Reference& reference) {
    if (reference.place)
      add(reference.place->atom);
    else if (reference.symbol)
      undefined_.insert(*reference.symbol);
  }

  const model::Object& object_;
  std::set<AtomId> atoms_;
  std::set<model::SymbolId> undefined_;
};

class ManualBinder {
 public:
  ManualBinder(ManualUnit& unit, const Marks& marks, const model::Image& image)
      : unit_(unit), object_(*unit.object), marks_(marks), image_(image), carried_(object_) {}

  void run() {
    unit_.bound.new_object = &object_;
    unit_.bound.changes = unit_.changes.get();
    for (const Mark& mark : marks_.replacements) replace(mark);
    carry_hooks();
    for (const Mark& mark : marks_.bindings) require_undefined(mark);
    refuse_unpatchable();
    unit_.bound.selected.assign(carried_.atoms().begin(), carried_.atoms().end());
    unit_.changes->old_atom.resize(object_.atoms.size());
    for (const model::SymbolId id : carried_.undefined()) bind(id);
  }

 private:
  [[nodiscard]] model::FunctionId function(const std::string& name) const {
    for (std::uint32_t i = 0; i < object_.functions.size(); ++i)
      for (const model::Symbol& symbol : object_.symbols)
        if (symbol.name == name && symbol.definition == model::Place{object_.functions[i].entry, 0})
          return {i};
    throw Error(ErrorCode::bad_input,
                name + " is marked as a replacement, but the file defines no such function",
                "a static function needs __attribute__((used)); in C++ declare it extern \"C\"");
  }

  void replace(const Mark& mark) {
    const model::FunctionId id = function(mark.name);
    const model::ImageSymbol& old = find_target(image_, mark.target);
    if (old.type != model::SymbolType::function)
      throw Error(ErrorCode::refused, mark.target.symbol + " is not a function of the target",
                  "only functions can be replaced; an indirect one by its implementations");
    bind::CodeMatch parts;
    for (const LinkRange& range : parts_of(image_, old)) parts.parts.push_back({object_[id].entry, range});
    bind::BoundFunction bound{id, mark.target.symbol,
                              bind::extents_of(image_, mark.target.symbol, {mark.target.symbol}, parts)};
    bound.load_time = bind::load_time_fields(image_, bound.name, bound.extents);
    bound.islands = bind::islands_of(image_, bound.name, bound.extents);
    unit_.bound.replaced.push_back(std::move(bound));
    unit_.changes->functions.push_back({diff::ChangeKind::changed, mark.target.symbol, {}, id, {}});
    carried_.add(object_[id].entry);
  }

  void carry_hooks() {
    for (const model::Symbol& symbol : object_.symbols)
      if (symbol.definition && symbol.type == model::SymbolType::function && bind::hook_kind(symbol.name))
        carried_.add(symbol.definition->atom);
  }

  void require_undefined(const Mark& mark) const {
    for (const model::Symbol& symbol : object_.symbols)
      if (symbol.name == mark.name && symbol.definition)
        throw Error(ErrorCode::bad_input, mark.name + " is bound to the target, but the file defines it",
                    "declare it extern");
  }

  void refuse_unpatchable() const {
    for (const auto& [id, reason] : object_.unpatchable)
      if (carried_.atoms().contains(object_[id].entry))
        throw Error(ErrorCode::refused, object_[object_[id].symbol].name + ": " + reason,
                    "write it without what stent cannot read");
  }

  void bind(model::SymbolId id) {
    const model::Symbol& symbol = object_[id];
    const auto mark = std::ranges::find(marks_.bindings, symbol.name, &Mark::name);
    unit_.bound.symbols.emplace(id, mark == marks_.bindings.end()
                                        ? bind_unmarked(symbol)
                                        : bind_marked(find_target(image_, mark->target)));
  }

  [[nodiscard]] bind::BoundTarget bind_marked(const model::ImageSymbol& found) const {
    if (found.type == model::SymbolType::ifunc)
      throw Error(ErrorCode::refused, found.name + " is an indirect function",
                  "bind one of its implementations");
    const auto tls = found.type == model::SymbolType::tls;
    auto bound =
        tls ? bind::bind_to(image_, found.name, bind::Inference::TlsOffset{found.address.value}, "marked")
            : bind::bind_to(image_, found.name, found.address, "marked");
    bound.is_function = found.type == model::SymbolType::function;
    return bound;
  }

  [[nodiscard]] bind::BoundTarget bind_unmarked(const model::Symbol& symbol) const {
    const bool is_thread_local = symbol.type == model::SymbolType::tls;
    bind::BoundTarget bound = is_thread_local ? bind_marked(find_target(image_, {symbol.name, ""}))
                                              : bind::bind_by_name(image_, symbol);
    const bool is_local_there =
        std::ranges::find(image_.symbols, symbol.name, &model::ImageSymbol::name) != image_.symbols.end();
    if (bound.access == bind::Access::own_slot && is_local_there)
      throw Error(ErrorCode::refused, symbol.name + " is private to a file of the target",
                  "say which: STENT_BIND_IN(" + symbol.name + ", \"" + symbol.name + "\", \"FILE\")");
    return bound;
  }

  ManualUnit& unit_;
  const model::Object& object_;
  const Marks& marks_;
  const model::Image& image_;
  Carried carried_;
};

}  // namespace

ManualUnit bind_manual(const std::filesystem::path& object, const Marks& marks, const model::Image& image) {
  ManualUnit unit{
      std::make_unique<model::Object>(model::load_object(object)), std::make_unique<diff::ChangeSet>(), {}};
  ManualBinder(unit, marks, image).run();
  return unit;
}

}  // namespace stent::manual
