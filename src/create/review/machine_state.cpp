#include "create/review/machine_state.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "create/review/arithmetic.hpp"
#include "create/review/flow_graph.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;
using Kind = Value::Kind;

constexpr std::size_t most_slots = 128;

Value at_stack(std::int64_t offset) { return {Kind::stack, {}, offset, {}}; }

bool is_got(const model::Reference& reference) {
  return x86_64::describe(reference.type).formula == x86_64::Formula::got_relative &&
         !x86_64::describe(reference.type).is_tls;
}

std::string at(const std::string& base, std::int64_t offset) { return fmt::format("{}{:+}", base, offset); }

const model::Reference* memory_reference(const model::Atom& atom, const Step& step) {
  return reference_at(atom, step.instruction, step.instruction.memory);
}

/// The bytes that an unnamed constant of the object holds.
std::optional<Value> literal(const model::Object& object, const model::Reference& reference, unsigned size) {
  if (!names_literal(object, reference) || size > 8) return std::nullopt;
  const model::Atom& atom = object[reference.place->atom];
  const auto at = static_cast<std::uint64_t>(reference.place->offset);
  if (atom.kind != model::AtomKind::merged_constant || at + size > atom.bytes.size()) return std::nullopt;
  std::int64_t number = 0;
  std::memcpy(&number, atom.bytes.data() + at, size);
  return Value::constant(truncate(number, size));
}

}  // namespace

Sources source_of(const PlaceName& place, unsigned size) {
  if (place.is_stack || place.name.starts_with("tls")) return {};
  if (!place.is_static) return {{"*", place.offset, size}};
  const std::size_t sign = place.offset == 0 ? std::string::npos : place.name.find_last_of("+-");
  return {{place.name.substr(0, sign), place.offset, size}};
}

MachineState MachineState::at_entry() {
  MachineState state;
  for (std::size_t i = 0; i < x86_64::argument_registers.size(); ++i)
    state.registers_[x86_64::argument_registers[i].number] = {
        Kind::parameter, {}, static_cast<std::int64_t>(i), {}};
  state.registers_[x86_64::rsp.number] = at_stack(0);
  return state;
}

PlaceName MachineState::place(const model::Object& object, const model::Atom& atom, const Step& step,
                              const Operand& operand) const {
  PlaceName place;
  const model::Reference* reference = memory_reference(atom, step);
  const bool indexed = operand.index.exists();
  place.offset = operand.number;
  if (reference != nullptr) {
    place.is_static = true;
    place.offset = indexed || operand.base.exists() ? 0 : reference->offset_in_target;
    place.name = name_of(object, *reference);
    if (indexed || operand.base.exists())
      place.name += "[]";
    else if (place.offset != 0)
      place.name = at(place.name, place.offset);
    return place;
  }
  if (!operand.base.exists()) {
    place.name = operand.is_thread_local ? at("tls", operand.number) : at("?", operand.number);
    return place;
  }
  const bool is_swapped = indexed && operand.scale == 1 && is_table(registers_[operand.index.number]);
  const Value& base = registers_[is_swapped ? operand.index.number : operand.base.number];
  if (base.is(Kind::stack)) {
    place.is_stack = true;
    place.is_known_slot = !indexed;
    place.offset = base.offset + operand.number;
  } else if (base.is(Kind::address)) {
    place.is_static = !base.name.starts_with('*');
    place.offset = base.offset + operand.number;
    place.name = indexed                                ? element_of(base).name
                 : place.offset == 0 && place.is_static ? base.name
                                                        : at(base.name, place.offset);
  } else if (operand.base == x86_64::rsp) {
    place.is_stack = true;
  } else {
    const std::string origin = base.origin();
    place.name = at(origin.empty() || origin.size() > longest_name ? "?" : "*" + origin, operand.number);
  }
  return place;
}

Value MachineState::address(const model::Object& object, const model::Atom& atom, const Step& step,
                            const Operand& operand) const {
  if (const auto* reference = memory_reference(atom, step); reference != nullptr && !operand.base.exists())
    return {Kind::address, {}, reference->offset_in_target, name_of(object, *reference)};
  if (!operand.base.exists() && operand.index.exists())
    return map_constants(registers_[operand.index.number],
                         [&](std::int64_t n) { return n * operand.scale + operand.number; });
  if (!operand.base.exists()) return {};
  const Value base = plus(registers_[operand.base.number], operand.number);
  if (!operand.index.exists()) return base;
  const Value& index = registers_[operand.index.number];
  if (base.is(Kind::constants) && index.is(Kind::constants) && index.numbers.size() == 1)
    return plus(base, *index.numbers.begin() * operand.scale);
  if (operand.scale == 1 && is_table(index)) return element_of(index);
  if (!base.is(Kind::address))
    return computed(base, "+", computed(index, "*", Value::constant(operand.scale)));
  return element_of(base);
}

Value MachineState::read(const model::Object& object, const model::Atom& atom, const Step& step,
                         const Operand& operand) const {
  if (operand.kind == Operand::Kind::register_)
    return operand.reg.exists() ? registers_[operand.reg.number] : Value{};
  if (operand.kind == Operand::Kind::immediate) {
    const auto* reference = reference_at(atom, step.instruction, step.instruction.immediate);
    if (reference != nullptr)
      return {Kind::address, {}, reference->offset_in_target, name_of(object, *reference)};
    return Value::constant(operand.number);
  }
  if (operand.kind != Operand::Kind::memory) return {};
  if (const auto* reference = memory_reference(atom, step); reference != nullptr && is_got(*reference))
    return {Kind::address, {}, 0, name_of(object, *reference)};
  if (const auto* reference = memory_reference(atom, step);
      reference != nullptr && !operand.base.exists() && !operand.index.exists())
    if (const auto number = literal(object, *reference, operand.size)) return *number;
  const PlaceName where = place(object, atom, step, operand);
  if (where.is_stack) {
    const auto slot = where.is_known_slot ? stack_.find(where.offset) : stack_.end();
    return slot == stack_.end() ? Value{} : slot->second;
  }
  if (where.name.starts_with('?') || where.name.size() > longest_name) return {};
  return {Kind::loaded, {}, 0, where.name};
}

namespace {

/// The low `size` bytes of a value.
Value low_part(const Value& value, unsigned size) {
  const std::int64_t mask = (std::int64_t{1} << (size * 8)) - 1;
  if (value.is(Kind::constants)) return map_constants(value, [&](std::int64_t n) { return n & mask; });
  return computed(value, "and", Value::constant(mask));
}

}  // namespace

Value MachineState::result_of(const model::Object& object, const model::Atom& atom, const Step& step) const {
  const Operand& to = step.operands[0];
  const Operand& from = step.operands[1];
  switch (step.operation) {
    case Operation::move:
      return is_cut(step) ? low_part(registers_[from.reg.number], from.size) : read(object, atom, step, from);
    case Operation::load_address: return address(object, atom, step, from);
    case Operation::set_condition: return {Kind::constants, {0, 1}, 0, {}};
    case Operation::conditional_move:
      return join(read(object, atom, step, to), read(object, atom, step, from));
    case Operation::xor_:
      if (to.reg.exists() && to.reg == from.reg) return Value::constant(0);
      break;
    case Operation::borrow:
      if (to.reg.exists() && to.reg == from.reg) return {Kind::constants, {-1, 0}, 0, {}};
      return with_carry(read(object, atom, step, to), read(object, atom, step, from), -1);
    case Operation::carry: return with_carry(read(object, atom, step, to), read(object, atom, step, from), 1);
    default: break;
  }
  const bool unary = step.operation == Operation::negate || step.operation == Operation::invert;
  Value right = unary ? Value{} : read(object, atom, step, from);
  const bool by_one = from.kind == Operand::Kind::none;
  if (by_one && (step.operation == Operation::add || step.operation == Operation::subtract))
    right = Value::constant(1);
  const bool is_product =
      step.operation == Operation::multiply && step.operands[2].kind == Operand::Kind::immediate;
  const Value left = is_product ? right : read(object, atom, step, to);
  if (is_product) right = Value::constant(step.operands[2].number);
  return review::result_of(step, left, right);
}

void MachineState::write(const model::Object& object, const model::Atom& atom, const Step& step,
                         Value value) {
  const Operand& to = step.operands[0];
  if (value.is(Kind::constants))
    value = map_constants(value, [&](std::int64_t n) { return truncate(n, to.size); });
  if (to.kind == Operand::Kind::register_) {
    if (!to.reg.exists()) return;
    // Writing one byte of a zeroed register (xor eax,eax; sete al) leaves that byte's constants.
    const Value& before = registers_[to.reg.number];
    const bool partial = to.size < 4 && step.operation != Operation::set_condition;
    if (partial && !value.is(Kind::constants) && !before.is(Kind::unknown) &&
        step.operation != Operation::move)
      value = {};
    registers_[to.reg.number] = std::move(value);
    return;
  }
  if (to.kind != Operand::Kind::memory) return;
  const PlaceName where = place(object, atom, step, to);
  if (!where.is_known_slot) return;
  if (stack_.size() < most_slots || stack_.contains(where.offset)) stack_[where.offset] = std::move(value);
}

void MachineState::move_stack(const Step& step) {
  Value& top = registers_[x86_64::rsp.number];
  if (!top.is(Kind::stack)) return;
  top.offset += step.operation == Operation::push ? -8 : 8;
}

std::optional<Stepped> MachineState::step_of(const Step& step) const {
  const Operand& from = step.operands[1];
  const bool adds = step.operation == Operation::add, leads = step.operation == Operation::load_address;
  if (leads && (!from.base.exists() || from.index.exists())) return std::nullopt;
  if (!leads && !adds && step.operation != Operation::subtract) return std::nullopt;
  if (!leads && from.kind != Operand::Kind::immediate && from.kind != Operand::Kind::none)
    return std::nullopt;
  const auto& member = members_[leads ? from.base.number : step.operands[0].reg.number];
  if (!member || member->shifted != 0) return std::nullopt;
  const std::int64_t by = from.kind == Operand::Kind::none ? 1 : from.number;
  return Stepped{member->offset, adds || leads ? by : -by};
}

void MachineState::carry_members(const model::Object& object, const model::Atom& atom, const Step& step) {
  const Operand& to = step.operands[0];
  const Operand& from = step.operands[1];
  if (!to.written || to.kind != Operand::Kind::register_ || !to.reg.exists()) {
    members_[0] = members_[2] = std::nullopt;  // what has no written operand may write rax and rdx
    stepped_[0] = stepped_[2] = std::nullopt;
    return;
  }
  std::optional<Member> now;
  if (step.operation == Operation::move && from.kind == Operand::Kind::memory) {
    const PlaceName where = place(object, atom, step, from);
    if (!where.is_stack && !where.is_static && !from.is_thread_local) now = Member{where.offset};
    if (now && from.base.exists() && members_[from.base.number])
      now->of_first = members_[from.base.number]->offset == 0 && members_[from.base.number]->shifted == 0;
  } else if (step.operation == Operation::move && from.reg.exists()) {
    now = members_[from.reg.number];
  } else if (step.operation == Operation::shift_right && from.kind == Operand::Kind::immediate) {
    now = members_[to.reg.number];
    if (now) now->shifted += from.number;
  }
  stepped_[to.reg.number] = step_of(step);
  members_[to.reg.number] = now;
}

void MachineState::carry_sources(const model::Object& object, const model::Atom& atom, const Step& step) {
  const Operand& to = step.operands[0];
  const Operand& from = step.operands[1];
  if (!to.written || to.kind != Operand::Kind::register_ || !to.reg.exists()) {
    sources_[0].clear();
    sources_[2].clear();
    return;
  }
  const bool joins = step.operation == Operation::conditional_move;
  Sources now = joins ? sources_[to.reg.number] : Sources{};
  if (step.operation == Operation::move || joins) {
    if (from.kind == Operand::Kind::memory && !from.is_thread_local)
      now.merge(source_of(place(object, atom, step, from), from.size));
    else if (from.reg.exists())
      now.insert(sources_[from.reg.number].begin(), sources_[from.reg.number].end());
  }
  sources_[to.reg.number] = std::move(now);
}

void MachineState::execute(const model::Object& object, const model::Atom& atom, const Step& step) {
  const Widths after = widths_after(object, atom, step);
  apply(object, atom, step);
  widths_ = after;
}

void MachineState::apply(const model::Object& object, const model::Atom& atom, const Step& step) {
  const x86_64::Flow flow = step.instruction.flow;
  if (step.instruction.is_nop || flow == x86_64::Flow::jump || flow == x86_64::Flow::conditional_jump) return;
  const Operand& to = step.operands[0];
  const bool only_asks = step.operation == Operation::compare || step.operation == Operation::test;
  if (!only_asks) carry_members(object, atom, step);
  if (!only_asks) carry_sources(object, atom, step);
  if (step.operation == Operation::push) {
    Value pushed = read(object, atom, step, to);
    move_stack(step);
    if (registers_[4].is(Kind::stack)) stack_[registers_[4].offset] = std::move(pushed);
    return;
  }
  if (step.operation == Operation::pop) {
    const auto slot = registers_[4].is(Kind::stack) ? stack_.find(registers_[4].offset) : stack_.end();
    if (to.reg.exists()) registers_[to.reg.number] = slot == stack_.end() ? Value{} : slot->second;
    move_stack(step);
    return;
  }
  if (only_asks) return;
  if (step.operation == Operation::exchange && step.operands[1].reg.exists() && step.operands[1].written)
    registers_[step.operands[1].reg.number] = {};
  if (step.instruction.length >= 3 && step.operation == Operation::other && !to.written) {
    // leave: the frame pointer is the stack pointer again; cdq and the like change rdx.
    registers_[2] = {};
    return;
  }
  if (step.operation == Operation::other && to.kind == Operand::Kind::none) {
    const bool is_leave = step.instruction.length == 1 && registers_[5].is(Kind::stack);
    registers_[2] = {};
    if (!is_leave) registers_[0] = {};
    return;
  }
  if (step.operation == Operation::divide ||
      (step.operation == Operation::multiply && step.operands[1].kind == Operand::Kind::none)) {
    const Value left = registers_[0], right = read(object, atom, step, to);
    registers_[0] = computed(left, sign_of(step.operation), right);
    registers_[2] = computed(left, step.operation == Operation::divide ? "%" : "*>", right);
    return;
  }
  if (to.written) write(object, atom, step, result_of(object, atom, step));
}

void MachineState::call(const std::string& callee) {
  const Value first = registers_[x86_64::argument_registers[0].number];
  std::int64_t escaped = INT64_MAX;
  for (const x86_64::Register r : x86_64::argument_registers)
    if (registers_[r.number].is(Kind::stack)) escaped = std::min(escaped, registers_[r.number].offset);
  stack_.erase(stack_.lower_bound(escaped), stack_.end());
  for (std::uint8_t i = 0; i < registers_.size(); ++i)
    if (x86_64::is_clobbered_by_calls({i})) {
      registers_[i] = {};
      members_[i] = std::nullopt;
      sources_[i].clear();
      stepped_[i] = std::nullopt;
      widths_[i] = 0;
    }
  registers_[x86_64::rax.number] =
      returns_first_argument(plain_name(callee)) ? first : Value{Kind::result, {}, 0, callee};
}

bool MachineState::merge(const MachineState& other) {
  bool changed = false;
  for (std::size_t i = 0; i < registers_.size(); ++i) {
    changed = changed || widths_[i] < other.widths_[i];
    widths_[i] = std::max(widths_[i], other.widths_[i]);
    if (members_[i] && members_[i] != other.members_[i]) {
      members_[i] = std::nullopt;
      changed = true;
    }
    if (stepped_[i] && stepped_[i] != other.stepped_[i]) {
      stepped_[i] = std::nullopt;
      changed = true;
    }
    if (members_[i] && members_[i]->of_first && !other.members_[i]->of_first) {
      members_[i]->of_first = false;
      changed = true;
    }
    const std::size_t known = sources_[i].size();
    sources_[i].insert(other.sources_[i].begin(), other.sources_[i].end());
    changed = changed || sources_[i].size() != known;
    Value joined = join(registers_[i], other.registers_[i]);
    if (joined == registers_[i]) continue;
    registers_[i] = std::move(joined);
    changed = true;
  }
  for (auto slot = stack_.begin(); slot != stack_.end();) {
    const auto there = other.stack_.find(slot->first);
    Value joined = there == other.stack_.end() ? Value{} : join(slot->second, there->second);
    if (joined != slot->second) changed = true;
    slot->second = std::move(joined);
    slot = slot->second == Value{} ? stack_.erase(slot) : std::next(slot);
  }
  Locks all = locks;
  for (const auto& [lock, depth] : other.locks) all.try_emplace(lock, 0);
  for (auto& [lock, depth] : all) {
    const auto there = other.locks.find(lock);
    if ((there == other.locks.end() ? 0 : there->second) != depth) depth = varying;
  }
  std::erase_if(all, [](const auto& entry) { return entry.second == 0; });
  if (all != locks) changed = true;
  locks = std::move(all);
  return changed;
}

}  // namespace stent::review
