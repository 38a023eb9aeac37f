// References to thread-local variables, by the access model the compiler chose (ELF TLS ABI; psABI, "TLS").
#include <algorithm>

#include "create/emit/references.hpp"

namespace stent::emit {

using bind::Access;
using x86_64::RelocationType;

namespace {

/// The kind of slot that a reference through the GOT needs.
RelocationType slot_kind(RelocationType reference) {
  switch (reference) {
    case RelocationType::tlsgd:
    case RelocationType::tlsld: return RelocationType::dtpmod64;
    case RelocationType::gotpc32_tlsdesc: return RelocationType::tlsdesc;
    default: return RelocationType::tpoff64;
  }
}

bool has_slot(const model::Image& target, const patch::Binding& binding, RelocationType kind) {
  const auto* at = std::get_if<patch::ModuleAddress>(&binding.where);
  return std::ranges::any_of(target.tls_slots, [&](const model::TlsSlot& slot) {
    return at != nullptr && slot.slot == at->address && slot.type == kind;
  });
}

}  // namespace

/// The slot of the patch that `reference` goes through.
Spot References::thread_slot(const Holder& holder, const model::Reference& reference,
                             const Meaning& meaning) {
  const Target target = as_target(meaning);
  if (meaning.offset != 0 && reference.type != RelocationType::tlsld)
    refuse(holder, reference, "an offset into the GOT entry of thread-local '" + meaning.name + "'",
           "compile the unit again with the default TLS dialect");
  switch (reference.type) {
    case RelocationType::tlsld: return draft_.thread_pair(0, "base");
    case RelocationType::gotpc32_tlsdesc: return draft_.thread_descriptor(target, meaning.name);
    case RelocationType::gottpoff: return draft_.slot(target, RelocationType::tpoff64, meaning.name);
    default: break;
  }
  const auto& thread = std::get<patch::ThreadOffset>(std::get<patch::Binding>(target).where);
  return draft_.thread_pair(thread.offset, meaning.name);
}

void References::write_thread(const Holder& holder, const model::Reference& reference, Spot place,
                              const Meaning& meaning) {
  const bool through_slot = x86_64::describe(reference.type).formula == x86_64::Formula::got_relative;
  if (through_slot && access_of(meaning) == Access::slot && meaning.offset == 0 &&
      has_slot(target_, std::get<bind::BoundTarget>(meaning.target).binding, slot_kind(reference.type)))
    return draft_.fix({place, RelocationType::pc32, as_target(meaning), reference.pc_adjust, meaning.name});
  if (access_of(meaning) != Access::thread)
    refuse(holder, reference,
           "thread-local '" + meaning.name + "' was not found in the target's own TLS block",
           "only thread-local variables that the target itself defines or uses can be reached");
  if (through_slot)
    return draft_.fix({place, RelocationType::pc32, thread_slot(holder, reference, meaning),
                       reference.pc_adjust, meaning.name});
  const std::int64_t addend = meaning.offset + reference.pc_adjust;
  const bool in_block =
      reference.type == RelocationType::dtpoff32 || reference.type == RelocationType::dtpoff64;
  if (!in_block) return draft_.fix({place, reference.type, as_target(meaning), addend, meaning.name});
  const auto& binding = std::get<bind::BoundTarget>(meaning.target).binding;
  const auto value = std::get<patch::ThreadOffset>(binding.where).offset + static_cast<std::uint64_t>(addend);
  draft_.write(place, as_bytes(std::span(&value, 1)).first(x86_64::describe(reference.type).size));
}

}  // namespace stent::emit
