#include "create/emit/reliance.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "binary/arch/x86_64/kept_registers.hpp"
#include "create/bind/known_clobbers.hpp"
#include "create/emit/passed_registers.hpp"

namespace stent::emit {
namespace {

using x86_64::Instruction;
using x86_64::RegisterSet;

/// One atom of one unit.
using Which = std::pair<std::size_t, model::AtomId>;

/// Where a call leads.
struct Callee {
  std::optional<LinkAddress> entry;  ///< of a function of the target
  std::optional<Which> code;         ///< what runs there, where the patch holds it
  [[nodiscard]] bool is_known() const { return entry || code; }
};

class Search {
 public:
  Search(const model::Image& target, const std::vector<bind::BoundUnit>& units, const Placement& placement,
         const References& references)
      : units_(units), references_(references), target_(target) {
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      for (const model::AtomId id : units[unit].selected)
        if (const auto spot = placement.find(unit, id); spot && placement.is_owner(unit, id))
          atoms_[*spot] = {unit, id};
      for (const bind::BoundFunction& function : units[unit].replaced) {
        const LinkAddress entry = function.extents.at(0).range.begin;
        replaced_[entry] = {unit, (*units[unit].new_object)[function.new_function].entry};
        names_[entry] = function.name;
      }
    }
  }

  std::vector<patch::Reliance> run() {
    look_at_all();
    if (!found_.empty()) {  // once more, and now with what the debug information tells
      for (const bind::BoundUnit& unit : units_) declared_.emplace_back(unit.new_object->path);
      found_.clear();
      look_at_all();
    }
    std::vector<patch::Reliance> result;
    for (const auto& [entry, registers] : found_)
      result.push_back(
          {names_.contains(entry) ? names_.at(entry) : target_.name_at(entry), entry, registers.to_ullong()});
    return result;
  }

 private:
  [[nodiscard]] const model::Atom& atom(const Which& which) const {
    return (*units_[which.first].new_object)[which.second];
  }

  [[nodiscard]] const model::Reference* branch_of(const Which& which, const Instruction& one) const {
    if (!one.branch) return nullptr;
    for (const model::Reference& reference : atom(which).references)
      if (reference.offset == one.offset + one.branch->offset) return &reference;
    return nullptr;
  }

  [[nodiscard]] Callee callee_of(const Which& which, const Instruction& one) const {
    const model::Reference* reference = branch_of(which, one);
    if (reference == nullptr) return {};
    const Meaning meaning = references_.meaning_of({which.first, which.second}, *reference);
    if (meaning.offset != 0) return {};
    if (const auto* spot = std::get_if<Spot>(&meaning.target)) {
      const auto known = atoms_.find(*spot);
      return known == atoms_.end() ? Callee() : Callee{entry_of(known->second), known->second};
    }
    const auto& bound = std::get<bind::BoundTarget>(meaning.target);
    const auto* place = std::get_if<patch::ModuleAddress>(&bound.binding.where);
    if (place == nullptr || bound.access != bind::Access::direct) return {};
    const auto own = replaced_.find(place->address);
    return {place->address, own == replaced_.end() ? std::nullopt : std::optional(own->second)};
  }

  [[nodiscard]] std::optional<LinkAddress> entry_of(const Which& which) const {
    for (const auto& [entry, code] : replaced_)
      if (code == which) return entry;
    return std::nullopt;
  }

  /// At least.
  RegisterSet destroyed_by(const Callee& callee) {
    if (!callee.is_known()) return x86_64::call_clobbered();
    return callee.code ? destroyed_by(*callee.code) : target_.at(*callee.entry);
  }

  RegisterSet destroyed_by(const Which& which) {
    const auto [known, is_new] = known_.try_emplace(which);
    if (!is_new) return known->second;
    const x86_64::Clobbers own = x86_64::clobbers_of(atom(which).bytes);
    RegisterSet all = own.calls_indirectly ? x86_64::call_clobbered() : own.written;
    for (const Instruction& one : x86_64::decode(atom(which).bytes))
      if (one.flow == x86_64::Flow::call) all |= destroyed_by(callee_of(which, one));
    return known_[which] = all;
  }

  void look_at_all() {
    for (const auto& [spot, which] : atoms_)
      if (atom(which).kind == model::AtomKind::code) look_at(which);
  }

  [[nodiscard]] RegisterSet used_at(const Which& which, int depth) {
    const auto [known, is_new] =
        used_.try_emplace(which, x86_64::call_clobbered());  // of one that calls itself
    if (!is_new) return known->second;
    return used_[which] = x86_64::used_at_entry(atom(which).bytes, callees_of(which, depth));
  }

  /// What is used where a branch leads: what the code there looks at, or else how it is declared.
  [[nodiscard]] RegisterSet used_by(const Which& which, const Instruction& one, int depth) {
    constexpr int deepest = 3;  // of calls that hand on what they were passed
    const model::Reference* reference = declared_.empty() ? nullptr : branch_of(which, one);
    if (reference == nullptr || (!reference->symbol && !reference->place)) return x86_64::call_clobbered();
    const Callee callee = callee_of(which, one);
    if (callee.code && depth < deepest) return used_at(*callee.code, depth + 1);
    if (callee.entry && !callee.code) return target_.used_by(*callee.entry);
    const model::Object& object = *units_[which.first].new_object;
    return declared_[which.first].arguments(reference->symbol ? object[*reference->symbol].name
                                                              : object[reference->place->atom].name);
  }

  [[nodiscard]] RegisterSet results_of(const Which& which) const {
    return declared_.empty() ? x86_64::every_result() : declared_[which.first].results(atom(which).name);
  }

  x86_64::Callees callees_of(const Which& which, int depth) {
    return {[this, which](const Instruction& one) { return destroyed_by(callee_of(which, one)); },
            [this, which](const Instruction& one) { return branch_of(which, one) != nullptr; },
            [this, which, depth](const Instruction& one) { return used_by(which, one, depth); },
            depth > 0 ? RegisterSet() : results_of(which)};
  }

  void look_at(const Which& which) {
    const x86_64::Callees callees = callees_of(which, 0);
    for (const x86_64::KeptAcross& kept : x86_64::kept_across_calls(atom(which).bytes, callees)) {
      std::set<Which> seen;
      note(callee_of(which, kept.call), kept.registers, seen);
    }
  }

  /// The callee, and whatever it calls.
  void note(const Callee& callee, RegisterSet registers, std::set<Which>& seen) {
    if (callee.entry && !callee.code)
      for (const LinkAddress entry : target_.reached_from(*callee.entry)) found_[entry] |= registers;
    if (!callee.code || !seen.insert(*callee.code).second) return;
    if (callee.entry) found_[*callee.entry] |= registers;
    for (const Instruction& one : x86_64::decode(atom(*callee.code).bytes))
      if (one.flow == x86_64::Flow::call) note(callee_of(*callee.code, one), registers, seen);
  }

  const std::vector<bind::BoundUnit>& units_;
  const References& references_;
  bind::KnownClobbers target_;
  std::vector<PassedRegisters> declared_;  ///< by unit; empty: not asked yet
  std::map<Spot, Which> atoms_;
  std::map<LinkAddress, Which> replaced_;
  std::map<LinkAddress, std::string> names_;
  std::map<Which, RegisterSet> known_;  ///< what each destroys at least
  std::map<Which, RegisterSet> used_;   ///< what each looks at
  std::map<LinkAddress, RegisterSet> found_;
};

}  // namespace

std::vector<patch::Reliance> find_reliance(const model::Image& target,
                                           const std::vector<bind::BoundUnit>& units,
                                           const Placement& placement, const References& references) {
  return Search(target, units, placement, references).run();
}

}  // namespace stent::emit
