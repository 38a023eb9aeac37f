#include "create/review/loop_reach.hpp"

#include <utility>

namespace stent::review {
namespace {

using x86_64::Operand;
using x86_64::Operation;
using x86_64::Step;

/// Where the pointer was loaded from; empty for every other value, and for what a call gave.
std::string loaded_from(const Value& value) {
  const bool is_behind = value.is(Value::Kind::address) && value.name.starts_with('*');
  if (!is_behind && !value.is(Value::Kind::loaded)) return {};
  const std::string pointer = is_behind ? value.name.substr(1) : value.name;
  const bool is_argument = is_behind && pointer.size() == 2 && pointer[0] == 'p';
  return is_argument || pointer.find("()") != std::string::npos || pointer.ends_with("[]") ? "" : pointer;
}

bool is_register(const Operand& operand) {
  return operand.kind == Operand::Kind::register_ && operand.reg.exists();
}

bool is_immediate(const Operand& operand) { return operand.kind == Operand::Kind::immediate; }

}  // namespace

void LoopReach::observe(const Block& block, const Step& step, const MachineState& before) {
  if (!block.in_loop) return;
  Loop& loop = loops_[block.loop];
  if (loop.block != block.first) loop.stepped_in_block.clear();
  loop.block = block.first;
  observe_limit(loop, step, before);
  observe_step(loop, step);
  observe_index(loop, step, before);
  observe_way(loop, step, before);
}

void LoopReach::observe_step(Loop& loop, const Step& step) {
  const Operand& to = step.operands[0];
  const Operand& by = step.operands[1];
  if (!is_register(to)) return;
  const Number reg = to.reg.number;
  const auto note = [&](std::int64_t number) {
    loop.steps[reg] = number;
    loop.stepped_in_block[reg] = true;
  };
  if (step.operation == Operation::add && is_immediate(by)) note(by.number);
  if (step.operation == Operation::add && by.kind == Operand::Kind::none) note(1);
  if (step.operation == Operation::load_address && by.base.exists() && !by.index.exists()) {
    loop.sums[reg] = {by.base.number, by.number};
    if (by.base == to.reg) note(by.number);
  }
  if (step.operation == Operation::move && is_register(by))
    if (const auto sum = loop.sums.find(by.reg.number); sum != loop.sums.end() && sum->second.first == reg)
      note(sum->second.second);
}

void LoopReach::observe_way(Loop& loop, const Step& step, const MachineState& before) {
  const Operand& to = step.operands[0];
  const Operand& from = step.operands[1];
  const bool adds = step.operation == Operation::add, takes = step.operation == Operation::subtract;
  if (is_register(to) && (adds || takes) && (is_immediate(from) || from.kind == Operand::Kind::none)) {
    const std::int64_t number = is_immediate(from) ? from.number : 1;
    loop.ways[to.reg.number].insert((number > 0) == adds ? 1 : -1);
  }
  if (is_register(to) && step.operation == Operation::move && is_register(from))
    loop.copies[to.reg.number].insert(from.reg.number);
  if (is_register(to) && step.operation == Operation::load_address && from.base.exists() &&
      !from.index.exists()) {
    loop.copies[to.reg.number].insert(from.base.number);
    if (from.base == to.reg && from.number != 0) loop.ways[to.reg.number].insert(from.number > 0 ? 1 : -1);
  }
  if (step.operation == Operation::load_address || step.instruction.is_nop) return;
  for (const Operand& operand : step.operands)
    if (operand.kind == Operand::Kind::memory && operand.read && operand.base.exists() &&
        !before[operand.base].is(Value::Kind::stack)) {
      loop.readers.insert(operand.base.number);
      if (operand.index.exists()) loop.readers.insert(operand.index.number);
    }
}

std::set<int> LoopReach::walks() const {
  std::set<int> all;
  for (const auto& [number, loop] : loops_) {
    std::set<Number> by = loop.readers;
    for (const Number reader : loop.readers)
      if (const auto made = loop.copies.find(reader); made != loop.copies.end())
        by.insert(made->second.begin(), made->second.end());
    for (const Number reg : by)
      if (const auto way = loop.ways.find(reg); way != loop.ways.end())
        all.insert(way->second.begin(), way->second.end());
  }
  return all;
}

void LoopReach::observe_index(Loop& loop, const Step& step, const MachineState& before) {
  if (step.operation == Operation::load_address || step.instruction.is_nop) return;
  for (const Operand& operand : step.operands)
    if (operand.kind == Operand::Kind::memory && operand.base.exists() && operand.index.exists())
      if (std::string pointer = loaded_from(before[operand.base]); !pointer.empty())
        loop.indexed.push_back(
            {operand.index.number, std::move(pointer), operand.scale, operand.number, operand.size});
}

void LoopReach::observe_limit(Loop& loop, const Step& step, const MachineState& before) {
  const Operand& left = step.operands[0];
  const Operand& right = step.operands[1];
  const bool of_itself = step.operation == Operation::test && left.reg == right.reg;
  const bool with_zero = step.operation == Operation::compare && is_immediate(right) && right.number == 0;
  if (left.size == 1 && (of_itself || with_zero)) loop.ends_at_zero = true;
  if (step.operation != Operation::compare) return;
  if (is_register(left) && is_immediate(right))
    loop.limits.push_back({left.reg.number, right.number, loop.stepped_in_block.contains(left.reg.number)});
  if (!is_register(left) || !is_register(right)) return;
  for (const auto& [of, with] : {std::pair(left.reg, right.reg), std::pair(right.reg, left.reg)}) {
    const Value& end = before[with];
    if (!end.is(Value::Kind::address) || end.offset <= 0) continue;
    if (std::string pointer = loaded_from(end); !pointer.empty())
      loop.ends.push_back({of.number, std::move(pointer), end.offset});
  }
}

void LoopReach::add_indexed(const Loop& loop, std::vector<Reach>& all) {
  for (const Limit& limit : loop.limits)
    for (const Indexed& indexed : loop.indexed) {
      const auto step = loop.steps.find(limit.of);
      const bool is_text = indexed.scale == 1 && indexed.size == 1 && loop.ends_at_zero;
      if (step == loop.steps.end() || indexed.by != limit.of || is_text) continue;
      if (step->second <= 0 || limit.number <= step->second) continue;
      const std::int64_t last = limit.number - (limit.is_behind_step ? step->second : 0);
      all.push_back({indexed.pointer, last * indexed.scale + indexed.offset + indexed.size,
                     step->second * indexed.scale});
    }
}

std::vector<Reach> LoopReach::found() const {
  std::vector<Reach> all;
  for (const auto& [number, loop] : loops_) {
    add_indexed(loop, all);
    for (const End& end : loop.ends)
      if (const auto step = loop.steps.find(end.of); step != loop.steps.end())
        if (step->second > 1 || (step->second == 1 && !loop.ends_at_zero))
          all.push_back({end.pointer, end.bytes, step->second});
  }
  return all;
}

}  // namespace stent::review
