#include "create/emit/references.hpp"

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::emit {

using bind::Access;
using x86_64::RelocationType;

namespace {

constexpr const char* through_got =
    "make the patch from the source (--patch with --compile-commands or a build command): the unit is then "
    "compiled "
    "once more to go through the GOT. With objects given: compile the new one with -mno-direct-extern-access "
    "or "
    "-fPIC (more functions may differ), or reach the data by a function in a source file of its own";

}  // namespace

Target as_target(const Meaning& meaning) {
  if (const Spot* spot = std::get_if<Spot>(&meaning.target)) return *spot;
  return std::get<bind::BoundTarget>(meaning.target).binding;
}

/// A thrown object's destructor is called through its address, and nobody compares it: a stub may stand for
/// it, as for the personality in a call frame description.
bool is_destructor(const std::string& name) {
  return name.starts_with("_ZN") &&
         (name.ends_with("D0Ev") || name.ends_with("D1Ev") || name.ends_with("D2Ev"));
}

Access access_of(const Meaning& meaning) {
  const auto* bound = std::get_if<bind::BoundTarget>(&meaning.target);
  return bound == nullptr ? Access::direct : bound->access;
}

void References::write_all() {
  for (std::size_t unit = 0; unit < units_.size(); ++unit)
    for (const model::AtomId id : units_[unit].selected) {
      if (!placement_.is_owner(unit, id)) continue;
      for (const model::Reference& reference : (*units_[unit].new_object)[id].references)
        write({unit, id}, reference, *placement_.find(unit, id));
    }
}

void References::write(const Holder& holder, const model::Reference& reference, Spot start) {
  if (reference.type == RelocationType::none) return;
  const Spot place = start + reference.offset;
  switch (reference.type) {
    case RelocationType::pc8:
    case RelocationType::pc16:
    case RelocationType::pc32:
    case RelocationType::plt32:
    case RelocationType::pc64:
      return write_pc_relative(holder, reference, place, meaning_of(holder, reference));
    case RelocationType::abs8:
    case RelocationType::abs16:
    case RelocationType::abs32:
    case RelocationType::abs32s:
    case RelocationType::abs64:
      return write_absolute(holder, reference, place, meaning_of(holder, reference));
    case RelocationType::gotpcrel:
    case RelocationType::gotpcrelx:
    case RelocationType::rex_gotpcrelx:
      return write_through_slot(holder, reference, place, meaning_of(holder, reference));
    case RelocationType::tpoff32:
    case RelocationType::tpoff64:
    case RelocationType::gottpoff:
    case RelocationType::tlsgd:
    case RelocationType::tlsld:
    case RelocationType::gotpc32_tlsdesc:
    case RelocationType::dtpoff32:
    case RelocationType::dtpoff64:
      return write_thread(holder, reference, place, meaning_of(holder, reference));
    case RelocationType::tlsdesc_call: return;  // marks the call for linkers
    default:
      refuse(holder, reference, "relocation " + x86_64::to_string(reference.type) + " is not supported",
             "compile the unit with the default code model");
  }
}

void References::write_pc_relative(const Holder& holder, const model::Reference& reference, Spot place,
                                   const Meaning& meaning) {
  const Access access = access_of(meaning);
  if (access == Access::direct)
    return draft_.fix(
        {place, reference.type, as_target(meaning), meaning.offset + reference.pc_adjust, meaning.name});
  if (access == Access::thread)
    refuse(holder, reference, "'" + meaning.name + "' is thread-local but is used as an address",
           "compile the unit again from clean sources");
  if (meaning.offset != 0 || !is_branch(holder, reference))
    refuse(holder, reference,
           "'" + meaning.name + "' lives in another module and can be out of reach of a 32-bit field",
           through_got);
  draft_.fix({place, RelocationType::pc32, draft_.stub(slot_of(meaning), meaning.name), reference.pc_adjust,
              meaning.name});
}

/// The slot of the module, or one of the patch's own, that holds the address.
Target References::slot_of(const Meaning& meaning) {
  if (access_of(meaning) == Access::slot) return as_target(meaning);
  return draft_.slot(as_target(meaning), RelocationType::abs64, meaning.name);
}

bool References::takes_stub(const Holder& holder, const model::Reference& reference,
                            const Meaning& meaning) const {
  const Access access = access_of(meaning);
  const bool is_short_absolute =
      reference.type == RelocationType::abs32 || reference.type == RelocationType::abs32s;
  return is_short_absolute && (access == Access::slot || access == Access::own_slot) && meaning.offset == 0 &&
         (!holder.atom || is_destructor(meaning.name));
}

void References::prepare(const Holder& holder, const model::Reference& reference) {
  if (reference.type != RelocationType::abs32 && reference.type != RelocationType::abs32s) return;
  const Meaning meaning = meaning_of(holder, reference);
  if (takes_stub(holder, reference, meaning)) static_cast<void>(draft_.stub(slot_of(meaning), meaning.name));
}

void References::write_absolute(const Holder& holder, const model::Reference& reference, Spot place,
                                const Meaning& meaning) {
  Target target = as_target(meaning);
  switch (access_of(meaning)) {
    case Access::direct: break;
    case Access::slot:
    case Access::own_slot:
      if (takes_stub(holder, reference, meaning))
        target = draft_.stub(slot_of(meaning), meaning.name);
      else if (reference.type != RelocationType::abs64)
        refuse(holder, reference,
               "'" + meaning.name + "' lives in another module and does not fit a field of 32 bits",
               through_got);
      else if (access_of(meaning) == Access::slot)
        target = import_behind(std::get<bind::BoundTarget>(meaning.target));
      break;
    case Access::thread:
      refuse(holder, reference, "'" + meaning.name + "' is thread-local but is used as an address",
             "compile the unit again from clean sources");
  }
  draft_.fix({place, reference.type, target, meaning.offset + reference.pc_adjust, meaning.name});
}

void References::write_through_slot(const Holder& holder, const model::Reference& reference, Spot place,
                                    const Meaning& meaning) {
  if (meaning.offset != 0 && !std::holds_alternative<Spot>(meaning.target))
    refuse(holder, reference, "an offset into the GOT entry of '" + meaning.name + "'",
           "compile the unit again without -fno-plt, or with the default code model");
  Target target = as_target(meaning);
  switch (access_of(meaning)) {
    case Access::slot:
      if (jumps_through(holder, reference) || !is_lazy(std::get<bind::BoundTarget>(meaning.target)))
        return draft_.fix({place, RelocationType::pc32, target, reference.pc_adjust, meaning.name});
      target = import_behind(std::get<bind::BoundTarget>(meaning.target));
      break;
    case Access::thread:
      refuse(holder, reference, "'" + meaning.name + "' is thread-local but is used as an address",
             "compile the unit again from clean sources");
    default: break;
  }
  if (Spot* spot = std::get_if<Spot>(&target)) *spot = *spot + static_cast<std::uint64_t>(meaning.offset);
  const Spot slot = draft_.slot(target, RelocationType::abs64, meaning.name);
  draft_.fix({place, RelocationType::pc32, slot, reference.pc_adjust, meaning.name});
}

bool References::is_branch(const Holder& holder, const model::Reference& reference) const {
  if (!holder.atom) return false;
  const model::Atom& atom = (*units_[holder.unit].new_object)[*holder.atom];
  if (atom.kind != model::AtomKind::code) return false;
  for (const x86_64::Instruction& instruction : x86_64::decode(atom.bytes))
    if (instruction.branch && instruction.offset + instruction.branch->offset == reference.offset)
      return true;
  return false;
}

/// True for `call *slot(%rip)` and `jmp *slot(%rip)`.
bool References::jumps_through(const Holder& holder, const model::Reference& reference) const {
  if (!holder.atom) return false;
  for (const x86_64::Instruction& one : x86_64::decode((*units_[holder.unit].new_object)[*holder.atom].bytes))
    if (reference.offset > one.offset && reference.offset < one.end())
      return one.flow == x86_64::Flow::indirect_call || one.flow == x86_64::Flow::indirect_jump;
  return false;
}

/// A slot that is filled at the first call holds the address of its PLT entry until then: enough to jump
/// through it, but not what other modules know the function by.
bool References::is_lazy(const bind::BoundTarget& slot) const {
  const auto* at = std::get_if<patch::ModuleAddress>(&slot.binding.where);
  return at != nullptr && std::ranges::any_of(target_.imports, [&](const model::Import& import) {
           return import.jump_slot == at->address;
         });
}

/// A field that holds an address cannot go through a slot: it takes the same dynamic symbol as the slot.
patch::Binding References::import_behind(const bind::BoundTarget& slot) const {
  const auto* at = std::get_if<patch::ModuleAddress>(&slot.binding.where);
  const auto found =
      std::find_if(target_.imports.begin(), target_.imports.end(), [&](const model::Import& import) {
        return at != nullptr && (import.got_slot == at->address || import.jump_slot == at->address);
      });
  if (found == target_.imports.end())
    throw Error(ErrorCode::refused, "the address of '" + slot.binding.name + "' is known only through a slot",
                through_got);
  return {found->name, patch::DynamicSymbol{found->version, found->weak}};
}

std::string References::where(const Holder& holder, const model::Reference& reference) const {
  const model::Object& object = *units_[holder.unit].new_object;
  const std::string source = object.source.empty() ? object.path.string() : object.source;
  if (!holder.atom) return source + ", call frame of a function";
  const model::Atom& atom = object[*holder.atom];
  return source + ", " + (atom.name.empty() ? atom.section : atom.name) + "+" +
         std::to_string(reference.offset);
}

void References::refuse(const Holder& holder, const model::Reference& reference, const std::string& why,
                        const std::string& hint) const {
  throw Error(ErrorCode::refused, where(holder, reference) + ": " + why, hint);
}

}  // namespace stent::emit
