#include "create/review/observer.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "create/review/names.hpp"
#include "create/review/stored_text.hpp"

namespace stent::review {
namespace {

using model::Atom;
using x86_64::Flow;
using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;
using Kind = Value::Kind;

Use use_of(const Step& step) {
  switch (step.operation) {
    case Operation::compare:
    case Operation::test: return Use::compared;
    case Operation::add:
    case Operation::subtract:
    case Operation::multiply:
    case Operation::and_:
    case Operation::or_:
    case Operation::xor_: return step.operands[0].kind == Operand::Kind::memory ? Use::stored : Use::computed;
    case Operation::shift_left:
    case Operation::shift_right:
    case Operation::shift_right_signed:
    case Operation::rotate: return Use::shifted;
    case Operation::move: return step.operands[0].kind == Operand::Kind::memory ? Use::stored : Use::other;
    default: return Use::other;
  }
}

std::string text_of(const Step& step) {
  std::string text = step.operation == Operation::add ? "add" : fmt::format("{}", step.instruction.mnemonic);
  for (const Operand& operand : step.operands)
    if (operand.kind == Operand::Kind::immediate) text += fmt::format(" {}", operand.number);
  return text;
}

/// Makes a value of values; addresses of the stack are none.
bool computes(const Step& step) {
  const Operand& to = step.operands[0];
  if (to.kind != Operand::Kind::register_ || to.reg == x86_64::rsp) return false;
  switch (step.operation) {
    case Operation::add:
    case Operation::subtract:
    case Operation::multiply:
    case Operation::divide:
    case Operation::and_:
    case Operation::or_:
    case Operation::shift_left:
    case Operation::shift_right:
    case Operation::shift_right_signed:
    case Operation::rotate: return true;
    case Operation::xor_:
      return to.reg != step.operands[1].reg || step.operands[1].kind == Operand::Kind::immediate;
    default: return false;
  }
}

/// As hashes do, in an order that matters.
bool mixes(const Step& step) {
  switch (step.operation) {
    case Operation::multiply:
    case Operation::xor_:
    case Operation::shift_left:
    case Operation::shift_right:
    case Operation::rotate: return true;
    default: return false;
  }
}

/// How a member is combined with something: added, taken off, or bit by bit; 0 for everything else.
char combining_sign(Operation operation) {
  switch (operation) {
    case Operation::add: return '+';
    case Operation::subtract: return '-';
    case Operation::and_:
    case Operation::xor_: return '&';
    default: return 0;
  }
}

}  // namespace

void apply_lock(const std::string& callee, const Value& first_argument, Locks& locks) {
  const LockEffect effect = lock_effect(plain_name(callee));
  if (effect == LockEffect::none) return;
  int& depth = locks[first_argument.origin()];
  if (depth != varying) depth += effect == LockEffect::lock ? 1 : -1;
  std::erase_if(locks, [](const auto& entry) { return entry.second == 0; });
}

std::string Observer::callee(const Atom& atom, const Step& step, const MachineState& before) const {
  const Flow flow = step.instruction.flow;
  if (flow == Flow::call || flow == Flow::jump || flow == Flow::conditional_jump) {
    const auto* reference = reference_at(atom, step.instruction, step.instruction.branch);
    if (reference == nullptr) {
      if (flow != Flow::call) return {};
      return step.instruction.branch_target == 0 ? facts_->name : "?";
    }
    if (flow != Flow::call && reference->place && graph_->owns(reference->place->atom) &&
        reference->place->offset != 0)
      return {};
    if (flow != Flow::call && reference->place && graph_->owns(reference->place->atom)) return {};
    return name_of(*object_, *reference);
  }
  if (flow != Flow::indirect_call && flow != Flow::indirect_jump) return {};
  const Operand& through = step.operands[0];
  if (flow == Flow::indirect_jump && through.kind == Operand::Kind::memory && through.index.exists())
    return {};
  const Value target = before.read(*object_, atom, step, through);
  if (target.is(Kind::address)) return target.name;
  if (flow == Flow::indirect_jump && target.origin().empty()) return {};
  return "*" + target.origin();
}

void Observer::observe_constants(const Atom& atom, const Step& step, const MachineState& before) {
  if (step.operation == Operation::or_ && step.operands[1].kind != Operand::Kind::immediate)
    ++facts_->gathered;
  if (computes(step)) {
    facts_->arithmetic.insert(text_of(step));
    if (step.operation == Operation::xor_ && step.operands[1].kind != Operand::Kind::immediate)
      ++facts_->differences;
    if (&atom == entry_ && mixes(step)) facts_->mixing.emplace_back(step.instruction.offset, text_of(step));
  }
  for (const Operand& operand : step.operands) {
    if (operand.kind != Operand::Kind::immediate || step.instruction.branch) continue;
    if (reference_at(atom, step.instruction, step.instruction.immediate) != nullptr) continue;
    const Operand& to = step.operands[0];
    if (to.kind == Operand::Kind::register_ && to.reg.exists() && before[to.reg].is(Kind::stack) &&
        step.operation != Operation::move)
      continue;
    facts_->constants.insert({use_of(step), operand.number});
    note_factor(step, operand.number);
  }
  const Operand& from = step.operands[1];
  if (step.operation == Operation::load_address && from.base.exists() && from.number != 0 &&
      !before[from.base].is(Kind::stack) && !from.is_rip_relative)
    facts_->constants.insert({Use::computed, from.number});
}

/// Multiplications by powers of two are shifts; divisions multiply with a wide number that was loaded.
void Observer::note_factor(const Step& step, std::int64_t number) {
  constexpr std::int64_t least = 3, widest_shift = 31;
  const bool is_shift = step.operation == Operation::shift_left || step.operation == Operation::shift_right ||
                        step.operation == Operation::shift_right_signed;
  if (is_shift && number > 1 && number < widest_shift) facts_->factors.insert(std::int64_t{1} << number);
  if (step.operation == Operation::multiply && std::abs(number) >= least) facts_->factors.insert(number);
}

void Observer::observe_memory(const Atom& atom, const Step& step, const MachineState& before) {
  if (step.operation == Operation::load_address || step.instruction.is_nop) return;
  for (std::size_t i = 0; i < step.operands.size(); ++i) {
    const Operand& operand = step.operands[i];
    if (operand.kind != Operand::Kind::memory || step.instruction.flow != Flow::next) continue;
    constexpr std::int64_t stack_guard = 0x28;
    if (operand.is_thread_local && operand.number == stack_guard && !operand.base.exists()) continue;
    const PlaceName where = before.place(*object_, atom, step, operand);
    if (where.is_stack) continue;
    Access access;
    access.place = where.name;
    access.is_static = where.is_static;
    access.offset = where.offset;
    access.size = operand.size;
    if (&atom == entry_) access.at = step.instruction.offset;
    access.is_read = operand.read;
    access.is_written = operand.written;
    access.is_atomic = step.is_atomic;
    access.is_swap = step.operation == Operation::exchange;
    access.locks = before.locks;
    if (operand.written && i == 0) {
      const bool alone = step.operands[1].kind == Operand::Kind::none;
      access.value = alone ? Value::constant(1) : before.read(*object_, atom, step, step.operands[1]);
      access.is_adjustment = step.operation == Operation::add || step.operation == Operation::subtract;
      if (access.is_adjustment && access.value.is(Kind::constants) && access.value.numbers.size() == 1)
        access.adjustment = *access.value.numbers.begin() * (step.operation == Operation::add ? 1 : -1);
      if (access.value.is(Kind::address)) facts_->escaping.insert(access.value.name);
      access.stored = stored_text(step, access);
      const Operand& from = step.operands[1];
      if (access.stored.empty() && step.operation == Operation::move && from.reg.exists())
        if (const auto& counted = before.stepped(from.reg); counted && counted->offset == access.offset)
          facts_->combined.insert({access.offset, counted->by > 0 ? '>' : '<'});  // counted up, or down
      access.direction = direction_of(step, access);
    }
    access.is_indexed = operand.index.exists();
    if (operand.index.exists()) access.index = before[operand.index].text();
    facts_->accesses.push_back(std::move(access));
  }
}

void Observer::observe_comparison(const Atom& atom, const Step& step, const MachineState& before) {
  if (step.operation != Operation::compare && step.operation != Operation::test) return;
  Comparison comparison{before.read(*object_, atom, step, step.operands[0]),
                        before.read(*object_, atom, step, step.operands[1])};
  const bool itself = comparison.left == comparison.right;
  for (const Value* side : {&comparison.left, &comparison.right})
    if (side->is(Kind::address) && !itself) facts_->compared.insert(side->name);
  for (std::size_t i = 0; i < 2; ++i) {
    const Operand& operand = step.operands[i];
    if (operand.kind != Operand::Kind::memory) continue;
    const PlaceName where = before.place(*object_, atom, step, operand);
    if (!where.is_stack) (i == 0 ? comparison.left : comparison.right) = {Kind::loaded, {}, 0, where.name};
  }
  if (itself && step.operation == Operation::test) comparison.right = Value::constant(0);
  facts_->comparisons.push_back(std::move(comparison));
}

void Observer::observe_asked(const Atom& atom, const Step& step, const MachineState& before) {
  const bool masks = step.operation == Operation::test || step.operation == Operation::and_;
  const Operand& of = step.operands[0];
  const Operand& with = step.operands[1];
  const bool of_itself = step.operation == Operation::test && of.reg.exists() && of.reg == with.reg;
  if (!masks && step.operation != Operation::compare) return;
  if (with.kind != Operand::Kind::immediate && !of_itself) return;
  std::optional<Member> member;
  if (of.kind == Operand::Kind::register_ && of.reg.exists()) member = before.member(of.reg);
  if (of.kind == Operand::Kind::memory && !of.written)
    if (const PlaceName where = before.place(*object_, atom, step, of); !where.is_stack && !where.is_static)
      member = Member{where.offset};
  constexpr std::int64_t most_bits = 32;
  if (member && member->shifted < most_bits)
    facts_->asked.insert(
        {member->offset, of_itself ? 0 : with.number << member->shifted, masks && !of_itself});
}

/// A comparison of a member with no constant, and the condition that asks for less or greater.
void Observer::observe_order(const Atom& atom, const Step& step, const MachineState& before) {
  const bool asks = step.operation == Operation::set_condition ||
                    step.operation == Operation::conditional_move ||
                    step.instruction.flow == Flow::conditional_jump;
  if (asks) {
    constexpr std::array<unsigned, 4> less_or_greater = {2, 6, 12, 14};  // with the last bit apart
    if (std::ranges::find(less_or_greater, step.condition & ~1U) != less_or_greater.end())
      facts_->ordered.insert(last_compared_.begin(), last_compared_.end());
    return;
  }
  if (step.operation != Operation::compare && step.operation != Operation::test) return;
  last_compared_.clear();
  const auto is_constant = [&](const Operand& operand) {
    return operand.kind == Operand::Kind::immediate ||
           before.read(*object_, atom, step, operand).is(Kind::constants);
  };
  if (step.operation == Operation::test || is_constant(step.operands[0]) || is_constant(step.operands[1]))
    return;
  for (std::size_t i = 0; i < 2; ++i) {
    const Operand& of = step.operands[i];
    if (of.kind == Operand::Kind::memory) {
      const PlaceName where = before.place(*object_, atom, step, of);
      const bool is_element = where.name.starts_with('?') || where.name.ends_with("[]");
      if (!where.is_stack) last_compared_.insert({where.offset, is_element});
    } else if (of.reg.exists() && before.member(of.reg)) {
      last_compared_.insert({before.member(of.reg)->offset, before[of.reg].is(Kind::unknown)});
    }
  }
}

/// A member to which something that is no constant is added in a register, that is taken off something, or
/// whose bits are compared or masked.
void Observer::observe_combined(const Atom& atom, const Step& step, const MachineState& before) {
  const char sign = combining_sign(step.operation);
  const Operand& to = step.operands[0];
  const Operand& with = step.operands[1];
  const bool is_zero = step.operation == Operation::xor_ && to.reg == with.reg;
  if (sign == 0 || is_zero || to.kind != Operand::Kind::register_ || with.kind == Operand::Kind::immediate ||
      with.kind == Operand::Kind::none || before.read(*object_, atom, step, with).is(Kind::constants) ||
      before[to.reg].is(Kind::constants))
    return;
  for (const Operand* of : {&to, &with}) {
    const bool is_register = of->kind == Operand::Kind::register_;
    if (is_register && of->reg.exists())
      if (const auto& member = before.member(of->reg); member && member->shifted == 0)
        facts_->combined.insert({member->offset, sign});
    if (is_register || of->kind != Operand::Kind::memory) continue;
    const PlaceName where = before.place(*object_, atom, step, *of);
    if (!where.is_stack && !where.is_static) facts_->combined.insert({where.offset, sign});
  }
}

void Observer::observe_names(const Atom& atom, const Step& step) {
  const auto first =
      std::ranges::lower_bound(atom.references, step.instruction.offset, {}, &model::Reference::offset);
  for (auto at = first; at != atom.references.end() && at->offset < step.instruction.end(); ++at)
    if (const std::string name = name_of(*object_, *at); !name.empty()) {
      facts_->names.insert(name);
      const bool takes = step.operation == Operation::load_address || step.operation == Operation::move ||
                         step.operation == Operation::compare || step.operation == Operation::push;
      if (takes && !(at->place && step.operands[0].kind == Operand::Kind::memory && step.instruction.memory))
        facts_->addressed.insert(name);
    }
  // The address of an instruction of this very function, kept for a later jump.
  const auto target = step.instruction.memory_target;
  const bool has_reference = first != atom.references.end() && first->offset < step.instruction.end();
  if (step.operation == Operation::load_address && target && !has_reference && *target > 0 &&
      *target < static_cast<std::int64_t>(atom.bytes.size()))
    facts_->takes_label_address = true;
  for (auto at = first; at != atom.references.end() && at->offset < step.instruction.end(); ++at)
    if (at->place && graph_->owns(at->place->atom) && at->place->offset > 0 &&
        step.instruction.flow == Flow::next)
      facts_->takes_label_address = true;
}

void Observer::observe_parameters(const Step& step, const MachineState& before) {
  const Operand& to = step.operands[0];
  const bool clears = to.reg.exists() && to.reg == step.operands[1].reg &&
                      (step.operation == Operation::xor_ || step.operation == Operation::subtract ||
                       step.operation == Operation::borrow);
  const bool moves = step.operation == Operation::move && to.kind == Operand::Kind::register_ &&
                     step.operands[1].kind == Operand::Kind::register_;
  if (clears || moves || step.instruction.is_nop) return;
  if (step.operation == Operation::push)
    return;  // keeps a register, or makes room: that alone uses no argument
  for (const Operand& operand : step.operands)
    for (const x86_64::Register r : {operand.reg, operand.base, operand.index}) {
      if (!r.exists() || (r == operand.reg && !operand.read)) continue;
      if (before[r].is(Kind::parameter)) facts_->parameters.insert(before[r].offset);
    }
}

std::optional<std::int64_t> Observer::slot(const Atom& atom, const Step& step,
                                           const MachineState& before) const {
  const Flow flow = step.instruction.flow;
  if (flow != Flow::indirect_call && flow != Flow::indirect_jump) return std::nullopt;
  const Operand& through = step.operands[0];
  if (through.kind == Operand::Kind::register_ && through.reg.exists()) {
    const auto& member = before.member(through.reg);
    return member && member->of_first ? std::optional(member->offset) : std::nullopt;
  }
  if (through.kind != Operand::Kind::memory || !through.base.exists() || through.index.exists())
    return std::nullopt;
  const auto& table = before.member(through.base);
  const PlaceName where = before.place(*object_, atom, step, through);
  if (!table || table->offset != 0 || where.is_stack || where.is_static) return std::nullopt;
  return through.number;
}

void Observer::observe_call(const Block& block, const Step& step, const MachineState& before) {
  const Atom& atom = (*object_)[block.atom];
  const std::string name = callee(atom, step, before);
  if (name.empty()) return;
  Call call;
  call.name = name;
  for (std::size_t i = 0; i < call.arguments.size(); ++i)
    call.arguments[i] = before[x86_64::argument_registers[i]];
  call.slot = slot(atom, step, before);
  if (&atom == entry_) call.at = step.instruction.offset;
  call.in_loop = block.in_loop;
  call.is_tail = step.instruction.flow != Flow::call && step.instruction.flow != Flow::indirect_call;
  call.returns = call.is_tail || !block.successors.empty();
  call.locks = before.locks;
  if (call.is_tail) {
    Locks after = before.locks;
    apply_lock(name, call.arguments[0], after);
    facts_->can_return = true;
    facts_->locks_at_return.push_back(std::move(after));
    facts_->returns.push_back({Kind::result, {}, 0, name});
  }
  facts_->calls.push_back(std::move(call));
}

void Observer::observe_return(const MachineState& before) {
  facts_->can_return = true;
  const Value& value = before[x86_64::rax];
  if (value.is(Kind::address)) facts_->escaping.insert(value.name);
  facts_->returns.push_back(value);
  facts_->locks_at_return.push_back(before.locks);
}

void Observer::observe(const Block& block, const Step& step, const MachineState& before) {
  const Atom& atom = (*object_)[block.atom];
  observe_names(atom, step);
  observe_parameters(step, before);
  observe_constants(atom, step, before);
  observe_memory(atom, step, before);
  observe_comparison(atom, step, before);
  observe_asked(atom, step, before);
  observe_order(atom, step, before);
  observe_combined(atom, step, before);
  observe_call(block, step, before);
  if (step.instruction.flow == Flow::ret) observe_return(before);
  if (step.is_atomic) ++facts_->atomics;
  if (step.swaps_bytes) ++facts_->byte_swaps;
  if (step.on_floats == x86_64::FloatOperation::scale) ++facts_->float_scales;
  if (step.on_floats == x86_64::FloatOperation::compare) ++facts_->float_comparisons;
  if (step.operation == Operation::fence) ++facts_->fences;
  if (step.operation == Operation::system_call) facts_->has_system_call = true;
}

}  // namespace stent::review
