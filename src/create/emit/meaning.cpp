#include "create/emit/references.hpp"

namespace stent::emit {
namespace {

Meaning old_entry(const bind::BoundFunction& function, std::int64_t offset) {
  bind::BoundTarget bound;
  bound.binding = {function.name, patch::ModuleAddress{function.extents.at(0).range.begin}};
  bound.is_function = true;
  return {bound, offset, function.name};
}

}  // namespace

/// A reference to the entry of a replaced function means its old entry, which is redirected: nothing may keep
/// an address inside the patch. Only the function's own jumps and calls to itself, and its tables, stay
/// inside.
std::optional<Meaning> References::meaning_inside(const Holder& holder,
                                                  const model::Reference& reference) const {
  const model::Place place = *reference.place;
  const auto spot = placement_.find(holder.unit, place.atom);
  if (!spot) return {};
  const model::Object& object = *units_[holder.unit].new_object;
  if (const bind::BoundFunction* replaced = placement_.replaced_by(holder.unit, place.atom)) {
    const bool is_entry = object[replaced->new_function].entry == place.atom && place.offset == 0;
    const bool is_own_jump = holder.atom && placement_.replaced_by(holder.unit, *holder.atom) == replaced &&
                             reference.type == x86_64::RelocationType::plt32;
    const bool is_frame = !holder.atom;
    if (is_entry && !is_own_jump && !is_frame && !reference.is_table_entry) return old_entry(*replaced, 0);
  }
  const std::string& name = object[place.atom].name;
  return Meaning{*spot, place.offset, name.empty() ? object[place.atom].section : name};
}

std::optional<Meaning> References::meaning_of_symbol(const Holder& holder,
                                                     const model::Reference& reference) const {
  const bind::BoundUnit& unit = units_[holder.unit];
  const model::Symbol& symbol = (*unit.new_object)[*reference.symbol];
  const auto exported = placement_.find_export(symbol.name);
  const bind::BoundFunction* replaced =
      exported ? placement_.replaced_by(exported->unit, exported->definition.atom) : nullptr;
  if (exported && replaced == nullptr) {
    const Spot spot = *placement_.find(exported->unit, exported->definition.atom);
    return Meaning{spot, exported->definition.offset + reference.offset_in_target, symbol.name};
  }
  if (const auto found = unit.symbols.find(*reference.symbol); found != unit.symbols.end()) {
    const auto* dynamic = std::get_if<patch::DynamicSymbol>(&found->second.binding.where);
    if (target_.is_static && dynamic != nullptr && !dynamic->weak)
      refuse(holder, reference, symbol.name + " is not in the target, and a static program cannot load it",
             "the linker took from the libraries only what the program used; write the fix without it");
    return Meaning{found->second, reference.offset_in_target, symbol.name};
  }
  if (replaced != nullptr) return old_entry(*replaced, reference.offset_in_target);
  return {};
}

Meaning References::meaning_of(const Holder& holder, const model::Reference& reference) const {
  const bind::BoundUnit& unit = units_[holder.unit];
  if (reference.place) {
    if (auto inside = meaning_inside(holder, reference)) return *inside;
    if (const auto found = unit.atoms.find(reference.place->atom); found != unit.atoms.end())
      return {found->second, reference.place->offset, found->second.binding.name};
  }
  if (reference.symbol)
    if (auto meaning = meaning_of_symbol(holder, reference)) return *meaning;
  std::string name = "something without a name";
  if (reference.symbol)
    name = (*unit.new_object)[*reference.symbol].name;
  else if (reference.place)
    name = (*unit.new_object)[reference.place->atom].name + " in " +
           (*unit.new_object)[reference.place->atom].section;
  refuse(holder, reference, "'" + name + "' was not found in the target and is not part of the patch",
         "give the object that defines it with the patch, or the debug file of the target");
}

}  // namespace stent::emit
