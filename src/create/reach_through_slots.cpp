#include "create/reach_through_slots.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "binary/arch/x86_64/clobbers.hpp"
#include "binary/arch/x86_64/decode.hpp"
#include "create/bind/brought_globals.hpp"

namespace stent::create {
namespace {

using x86_64::RelocationType;

bool is_branch(const model::Atom& atom, const model::Reference& reference) {
  if (reference.type == RelocationType::plt32) return true;
  return std::ranges::any_of(x86_64::decode(atom.bytes), [&](const x86_64::Instruction& one) {
    return one.branch && one.offset + one.branch->offset == reference.offset;
  });
}

using Names = std::set<std::string>;

bool is_out_of_reach(const bind::BoundUnit& unit, const Names& brought, const model::Atom& atom,
                     const model::Reference& reference) {
  if (atom.kind != model::AtomKind::code || !reference.symbol) return false;
  if (reference.type != RelocationType::pc32 && reference.type != RelocationType::abs32 &&
      reference.type != RelocationType::abs32s)
    return false;
  const auto found = unit.symbols.find(*reference.symbol);
  if (found == unit.symbols.end()) return false;
  const bool by_slot =
      found->second.access == bind::Access::slot || found->second.access == bind::Access::own_slot;
  const std::string& name = unit.new_object->symbols[reference.symbol->value].name;
  return by_slot && !is_branch(atom, reference) && !brought.contains(name);
}

bool needs_slots(const bind::BoundUnit& unit, const Names& brought) {
  return std::ranges::any_of(unit.selected, [&](model::AtomId id) {
    const model::Atom& atom = (*unit.new_object)[id];
    return std::ranges::any_of(atom.references, [&](const model::Reference& reference) {
      return is_out_of_reach(unit, brought, atom, reference);
    });
  });
}

/// gcc's flags, else clang's (which knows no -fipa-ra). Without -fipa-ra the code relies on nothing that the
/// functions it calls, and that stay as they are in the target, would have to keep.
std::filesystem::path compile_through_slots(const compile::ObjectPair& pair) {
  try {
    return pair.compile_again({"-mno-direct-extern-access", "-fno-ipa-ra"});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::build_failed) throw;
    return pair.compile_again({"-fno-direct-access-external-data"});
  }
}

/// What a function may destroy: of its own, and through whom it calls.
struct Destroyed {
  x86_64::RegisterSet written;
  std::set<std::string> callees;
  bool is_everything = false;      ///< it calls what no caller knows
  bool may_be_everything = false;  ///< or it may, by a jump that cannot be followed
};

Destroyed destroyed_by(const model::Object& object, const model::Function& function) {
  Destroyed all;
  std::vector<model::AtomId> parts{function.entry};
  parts.insert(parts.end(), function.fragments.begin(), function.fragments.end());
  for (const model::AtomId part : parts) {
    const x86_64::Clobbers found = x86_64::clobbers_of(object[part].bytes);
    all.written |= found.written;
    all.may_be_everything = all.may_be_everything || found.calls_indirectly || !found.is_whole;
    for (const x86_64::Instruction& one : x86_64::decode(object[part].bytes))
      all.is_everything = all.is_everything || one.flow == x86_64::Flow::indirect_call;
    for (const model::Reference& reference : object[part].references) {
      if (!is_branch(object[part], reference)) continue;
      if (reference.place)
        all.callees.insert(object[reference.place->atom].name);
      else
        all.is_everything = true;
    }
  }
  return all;
}

void require_registers_kept(const ComparedUnit& unit, const ComparedUnit& again) {
  for (const diff::FunctionChange& change : again.changes->functions) {
    if (change.kind != diff::ChangeKind::changed) continue;
    const auto same = std::ranges::find_if(unit.changes->functions, [&](const diff::FunctionChange& one) {
      return one.kind == diff::ChangeKind::changed && one.name == change.name;
    });
    if (same == unit.changes->functions.end())
      throw Error(ErrorCode::internal,
                  change.name + " changed only when it was compiled to go through the GOT");
    const Destroyed known = destroyed_by(*unit.new_object, (*unit.new_object)[*same->new_function]);
    if (known.is_everything) continue;
    const Destroyed now = destroyed_by(*again.new_object, (*again.new_object)[*change.new_function]);
    const auto more = now.written & x86_64::call_clobbered() & ~known.written;
    const bool may_be_everything = now.is_everything || now.may_be_everything;
    if (more.none() && !may_be_everything && std::ranges::includes(known.callees, now.callees)) continue;
    throw Error(
        ErrorCode::refused,
        fmt::format("{} newly refers to data of another module, and compiled to reach it through the GOT it "
                    "destroys registers that its callers may rely on ({})",
                    change.name, more.none() ? "by what it calls" : x86_64::names_of(more)),
        "call a function that reaches the data instead, in a source file of its own");
  }
}

ComparedUnit compile_and_carry_over(const ComparedUnit& unit) {
  ComparedUnit again{unit.pair, std::make_unique<model::Object>(model::load_object(unit.pair.old_object)),
                     std::make_unique<model::Object>(model::load_object(compile_through_slots(unit.pair))),
                     nullptr};
  again.pair.new_object = again.new_object->path;
  again.changes = std::make_unique<diff::ChangeSet>(
      diff::carry_over(*unit.old_object, *unit.new_object, *unit.changes, *again.new_object));
  require_registers_kept(unit, again);
  return again;
}

}  // namespace

std::vector<ChosenUnit> reach_through_slots(const std::vector<ChosenUnit>& chosen,
                                            const std::vector<bind::BoundUnit>& bound,
                                            std::list<ComparedUnit>& again) {
  std::vector<ChosenUnit> emitted = chosen;
  const Names brought = bind::brought_globals(bound);
  bool is_other = false;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!needs_slots(bound.at(i), brought) || !chosen[i].unit->pair.compile_again) continue;
    again.push_back(compile_and_carry_over(*chosen[i].unit));
    emitted[i].unit = &again.back();
    is_other = true;
  }
  return is_other ? emitted : std::vector<ChosenUnit>{};
}

}  // namespace stent::create
