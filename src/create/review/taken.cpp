#include "create/review/taken.hpp"

#include <cstdlib>
#include <optional>
#include <string>

namespace stent::review {
namespace {

using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;

/// The sign for what `operation` does to a number; 0 for what makes no other number of it.
char sign_of(Operation operation) {
  switch (operation) {
    case Operation::add:
    case Operation::subtract: return '+';
    case Operation::invert: return '~';
    case Operation::shift_right:
    case Operation::shift_right_signed: return '>';
    case Operation::rotate: return 'r';
    case Operation::and_: return '&';
    case Operation::multiply:
    case Operation::divide: return '/';
    default: return 0;
  }
}

class Taking {
 public:
  Taking(const model::Object& object, const model::Atom& atom, const Step& step, const MachineState& before,
         FunctionFacts& facts)
      : object_(&object), atom_(&atom), step_(&step), before_(&before), facts_(&facts) {}

  void note() {
    note_followed();
    const Operand& to = step_->operands[0];
    const Operand& from = step_->operands[1];
    if (step_->operation == Operation::load_address) return note_address(from);
    note_slid();
    if (step_->extends_zero && from.kind == Operand::Kind::register_ && from.reg.exists()) note_cut(from);
    const char sign = sign_of(step_->operation);
    if (sign == 0 || to.kind != Operand::Kind::register_ || !to.reg.exists()) return;
    if (sign == '~') return add(sources(to), '~', 0);
    if (step_->operands[2].kind == Operand::Kind::immediate)
      return add(sources(from), sign, step_->operands[2].number);
    Operand with_rax;
    with_rax.kind = Operand::Kind::register_;
    with_rax.reg = x86_64::rax;
    const bool is_wide = sign == '/' && from.kind == Operand::Kind::none;
    const Operand& other = is_wide ? with_rax : from;
    if (const auto number = number_of(other)) add(sources(to), sign, signed_number(*number));
    if (const auto number = number_of(to)) add(sources(other), sign, *number);
    if (sign == '+') note_combined(to, other);
  }

 private:
  /// Shifted to the left by a number that is no constant.
  void note_slid() {
    if (step_->operation != Operation::shift_left) return;
    const bool has_three = step_->operands[2].kind != Operand::Kind::none;
    const Operand& count = step_->operands[has_three ? 2 : 1];
    if (count.kind != Operand::Kind::none && !number_of(count))
      add(sources(step_->operands[has_three ? 1 : 0]), 'l', 0);
  }

  /// Only the low bytes of it are taken: a mask.
  void note_cut(const Operand& from) {
    for (const Source& source : before_->sources(from.reg))
      if (source.size > from.size) add({source}, '&', (std::int64_t{1} << (from.size * 8)) - 1);
  }

  void note_followed() {
    if (step_->operation == Operation::load_address) return;
    for (const Operand& operand : step_->operands)
      if (operand.kind == Operand::Kind::memory && operand.base.exists())
        add(before_->sources(operand.base), '@', 0);
  }

  /// "(p1 - 1) - member" is p1 - (member + 1).
  void note_combined(const Operand& to, const Operand& with) {
    const std::int64_t number = part_of(to);
    if (number != 0) add(sources(with), '+', step_->operation == Operation::subtract ? -number : number);
  }

  /// The constant in a sum; 0 for none.
  [[nodiscard]] std::int64_t part_of(const Operand& operand) const {
    const Value value = before_->read(*object_, *atom_, *step_, operand);
    if (value.is(Value::Kind::address) && value.name.starts_with('*')) return value.offset;
    const std::size_t last = value.name.rfind(" + {");
    const bool is_sum = value.is(Value::Kind::unknown) && value.name.starts_with('(') &&
                        value.name.ends_with("})") && last != std::string::npos;
    return is_sum ? std::atoll(value.name.c_str() + last + 4) : 0;
  }

  void note_address(const Operand& from) {
    if (from.base.exists() && !from.index.exists() && from.number != 0)
      add(before_->sources(from.base), '+', from.number);
  }

  [[nodiscard]] std::int64_t signed_number(std::int64_t number) const {
    return step_->operation == Operation::subtract ? -number : number;
  }

  /// The one constant that the operand is; what is left out of an addition or a shift is one.
  [[nodiscard]] std::optional<std::int64_t> number_of(const Operand& operand) const {
    if (operand.kind == Operand::Kind::none) return 1;
    const Value value = before_->read(*object_, *atom_, *step_, operand);
    if (!value.is(Value::Kind::constants) || value.numbers.size() != 1) return std::nullopt;
    return *value.numbers.begin();
  }

  [[nodiscard]] Sources sources(const Operand& operand) const {
    if (operand.kind == Operand::Kind::register_ && operand.reg.exists())
      return before_->sources(operand.reg);
    if (operand.kind != Operand::Kind::memory || operand.is_thread_local) return {};
    return source_of(before_->place(*object_, *atom_, *step_, operand), operand.size);
  }

  void add(const Sources& sources, char sign, std::int64_t number) {
    for (const Source& source : sources)
      facts_->taken.insert({source.place, source.offset, sign, number, source.size});
  }

  const model::Object* object_;
  const model::Atom* atom_;
  const Step* step_;
  const MachineState* before_;
  FunctionFacts* facts_;
};

}  // namespace

void note_taken(const model::Object& object, const model::Atom& atom, const Step& step,
                const MachineState& before, FunctionFacts& facts) {
  if (!step.instruction.is_nop && step.instruction.flow == x86_64::Flow::next)
    Taking(object, atom, step, before, facts).note();
}

}  // namespace stent::review
