#include "create/review/senses.hpp"

#include <algorithm>
#include <cstring>

namespace stent::review {
namespace {

using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;

/// The condition as it is asked with the operands the other way round: below is above.
std::uint8_t turned(std::uint8_t condition) {
  switch (condition & ~1U) {
    case 2: return 6;
    case 6: return 2;
    case 12: return 14;
    default: return 12;
  }
}

bool is_less_or_greater(std::uint8_t condition) {
  const unsigned kind = condition & ~1U;
  return kind == 2 || kind == 6 || kind == 12 || kind == 14;
}

}  // namespace

void SenseObserver::observe(const Block& block, const Step& step, const MachineState& before) {
  note_float_constant(block, step);
  if (step.instruction.flow == x86_64::Flow::conditional_jump) {
    if (last_ && is_less_or_greater(step.condition)) {
      const auto condition = static_cast<std::uint8_t>(step.condition & ~1U);
      facts_->senses.insert({last_->offset, last_->is_left ? condition : turned(condition)});
    }
    return;
  }
  if (step.operation == Operation::compare) remember(block, step, before);
}

void SenseObserver::remember(const Block& block, const Step& step, const MachineState& before) {
  last_.reset();
  const model::Atom& atom = (*object_)[block.atom];
  for (std::size_t i = 0; i < 2; ++i) {
    const Operand& of = step.operands[i];
    const Operand& with = step.operands[1 - i];
    const Value other = before.read(*object_, atom, step, with);
    if (with.kind == Operand::Kind::immediate ||
        (other.is(Value::Kind::constants) && other.numbers.size() < 2))
      continue;
    if (of.kind == Operand::Kind::memory) {
      const PlaceName where = before.place(*object_, atom, step, of);
      if (!where.is_stack && where.name.starts_with('?')) last_ = Compared{where.offset, i == 0};
    } else if (of.reg.exists() && before.member(of.reg) && before[of.reg].is(Value::Kind::unknown)) {
      last_ = Compared{before.member(of.reg)->offset, i == 0};
    }
    if (last_) return;
  }
}

void SenseObserver::note_float_constant(const Block& block, const Step& step) {
  const model::Atom& atom = (*object_)[block.atom];
  const Operand& to = step.operands[0];
  const Operand& from = step.operands[1];
  const bool is_vector = to.kind == Operand::Kind::register_ && !to.reg.exists();
  if (!is_vector || from.kind != Operand::Kind::memory || from.size > 8) return;
  const model::Reference* reference = reference_at(atom, step.instruction, step.instruction.memory);
  if (reference == nullptr || !names_literal(*object_, *reference)) return;
  const model::Atom& literal = (*object_)[reference->place->atom];
  const auto at = static_cast<std::size_t>(reference->place->offset);
  if (at + from.size > literal.bytes.size()) return;
  std::int64_t bits = 0;
  std::memcpy(&bits, literal.bytes.data() + at, from.size);
  facts_->float_constants.insert(bits);
}

}  // namespace stent::review
