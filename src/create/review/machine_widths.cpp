#include <algorithm>
#include <cstdint>

#include "create/review/machine_state.hpp"

namespace stent::review {

using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;

bool MachineState::is_cut(const Step& step) const {
  const Operand& from = step.operands[1];
  return step.extends_zero && from.kind == Operand::Kind::register_ && from.reg.exists() &&
         widths_[from.reg.number] > from.size;
}

MachineState::Widths MachineState::widths_after(const model::Object& object, const model::Atom& atom,
                                                const Step& step) const {
  Widths after = widths_;
  const Operand& to = step.operands[0];
  if (step.instruction.is_nop || step.instruction.flow != x86_64::Flow::next) return after;
  if (to.kind == Operand::Kind::none || step.operation == Operation::multiply ||
      step.operation == Operation::divide)
    after[0] = after[2] = 0;  // may write rax and rdx without naming them
  if (!to.written || to.kind != Operand::Kind::register_ || !to.reg.exists()) return after;
  after[to.reg.number] = width_of(object, atom, step);
  return after;
}

unsigned MachineState::width_of(const model::Object& object, const model::Atom& atom,
                                const Step& step) const {
  const Operand& from = step.operands[1];
  if (is_cut(step)) return from.size;
  const bool is_address = step.operation == Operation::load_address;
  const bool keeps = step.operation != Operation::move && !is_address;
  unsigned width = keeps ? widths_[step.operands[0].reg.number] : 0;
  for (const Operand* operand : {&from, &step.operands[2]}) {
    const x86_64::Register r = is_address ? operand->base : operand->reg;
    if (r.exists()) width = std::max(width, widths_[r.number]);
    if (operand->kind == Operand::Kind::memory && !is_address &&
        !place(object, atom, step, *operand).is_stack)
      width = std::max<unsigned>(width, operand->size);
  }
  const bool masks = step.operation == Operation::and_ && from.kind == Operand::Kind::immediate;
  return masks && from.number >= 0 && from.number <= UINT8_MAX ? std::min(width, 1U) : width;
}

}  // namespace stent::review
