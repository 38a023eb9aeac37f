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
        if (const auto spot = placement.find(unit, id); spot && placement.is_owner(unit, id)) {
          atoms_[*spot] = {unit, id};
          selected_.insert({unit, id});
        }
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
      used_.clear();
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
    if (!selected_.contains(which)) return callee_in_unit(which.first, *reference);
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

  /// As above, of code that the patch does not hold: what it names is not bound.
  [[nodiscard]] Callee callee_in_unit(std::size_t unit, const model::Reference& reference) const {
    if (!reference.place || reference.place->offset != 0) return {};
    const Which code{unit, reference.place->atom};
    return atom(code).kind == model::AtomKind::code ? Callee{entry_of(code), code} : Callee();
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
    for (const Callee& callee : callees_in(which)) all |= destroyed_by(callee);
    return known_[which] = all;
  }

  void look_at_all() {
    for (const auto& [spot, which] : atoms_)
      if (atom(which).kind == model::AtomKind::code) look_at(which);
    for (std::size_t unit = 0; unit < units_.size(); ++unit)
      for (const model::Function& function : units_[unit].new_object->functions)
        if (!selected_.contains({unit, function.entry})) look_at_caller(unit, function);
  }

  /// A function that stays as it is may rely on what the new code of one that it calls leaves alone: so then
  /// does that code, of what it calls itself.
  void look_at_caller(std::size_t unit, const model::Function& caller) {
    std::vector<model::AtomId> parts{caller.entry};
    parts.insert(parts.end(), caller.fragments.begin(), caller.fragments.end());
    for (const model::AtomId id : parts) {
      const Which part{unit, id};
      const bool calls_one =
          std::ranges::any_of(atom(part).references, [&](const model::Reference& reference) {
            return reference.place && entry_of({unit, reference.place->atom});
          });
      if (!calls_one) continue;
      for (const x86_64::KeptAcross& kept :
           x86_64::kept_across_calls(atom(part).bytes, callees_of(part, 0))) {
        const Callee callee = callee_of(part, kept.call);
        if (!callee.entry || !callee.code) continue;
        std::set<Which> seen{*callee.code};
        for (const Callee& next : callees_in(*callee.code)) note(next, kept.registers, seen);
      }
    }
  }

  /// Where the calls, and the jumps out, of the code lead; also into the midst of another part of it.
  [[nodiscard]] std::vector<Callee> callees_in(const Which& which) const {
    std::vector<Callee> callees;
    for (const Instruction& one : x86_64::decode(atom(which).bytes)) {
      const model::Reference* reference = branch_of(which, one);
      if (reference == nullptr && one.flow != x86_64::Flow::call) continue;
      Callee callee = callee_of(which, one);
      if (!callee.is_known() && one.flow != x86_64::Flow::call) callee.code = part_at(which, *reference);
      callees.push_back(callee);
    }
    return callees;
  }

  [[nodiscard]] std::optional<Which> part_at(const Which& which, const model::Reference& reference) const {
    if (!selected_.contains(which))
      return reference.place ? std::optional(Which{which.first, reference.place->atom}) : std::nullopt;
    const Meaning meaning = references_.meaning_of({which.first, which.second}, reference);
    const auto* spot = std::get_if<Spot>(&meaning.target);
    const auto known = spot == nullptr ? atoms_.end() : atoms_.find(*spot);
    return known == atoms_.end() ? std::nullopt : std::optional(known->second);
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
    for (const Callee& next : callees_in(*callee.code)) note(next, registers, seen);
  }

  const std::vector<bind::BoundUnit>& units_;
  const References& references_;
  bind::KnownClobbers target_;
  std::vector<PassedRegisters> declared_;  ///< by unit; empty: not asked yet
  std::map<Spot, Which> atoms_;
  std::set<Which> selected_;
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
