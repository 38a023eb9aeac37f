#include "create/review/follow.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "create/review/loop_reach.hpp"
#include "create/review/observer.hpp"
#include "create/review/senses.hpp"
#include "create/review/taken.hpp"

namespace stent::review {
namespace {

using x86_64::Flow;
using x86_64::Step;

/// Between registers, to another place of the code, or nothing at all; or asks a register for zero, which
/// is left out where it is known.
bool only_moves(const Step& step) {
  using Kind = x86_64::Operand::Kind;
  const bool registers = step.operands[0].kind == Kind::register_ && step.operands[1].kind == Kind::register_;
  return step.instruction.is_nop || step.instruction.flow == Flow::jump ||
         (step.operation == x86_64::Operation::move && registers) ||
         (step.operation == x86_64::Operation::test && registers &&
          step.operands[0].reg == step.operands[1].reg);
}

class Follower {
 public:
  Follower(const model::Object& object, const FlowGraph& graph, FunctionFacts& facts,
           const model::Atom& entry)
      : object_(&object),
        graph_(&graph),
        facts_(&facts),
        observer_(object, graph, facts, entry),
        senses_(object, facts) {
    states_.resize(graph.blocks().size());
  }

  void run() {
    if (states_.empty()) return;
    follow_from(0, MachineState::at_entry());
    std::vector<bool> normal(states_.size());
    for (std::size_t i = 0; i < states_.size(); ++i) normal[i] = states_[i].has_value();
    for (std::size_t i = 0; i < states_.size(); ++i)
      if (!states_[i]) follow_from(i, MachineState{}, &normal);
    for (std::size_t i = 0; i < states_.size(); ++i) observe(i, normal[i]);
    facts_->reaches = reach_.found();
    facts_->walks = reach_.walks();
  }

 private:
  /// Blocks of `fixed` keep their state: what only an exception reaches must not blur them.
  void follow_from(std::size_t start, MachineState state, const std::vector<bool>* fixed = nullptr) {
    states_[start] = std::move(state);
    std::deque<std::size_t> open = {start};
    std::vector<unsigned> visits(states_.size());
    constexpr unsigned most_visits = 60;
    while (!open.empty()) {
      const std::size_t block = open.front();
      open.pop_front();
      if (++visits[block] > most_visits) continue;
      MachineState after = *states_[block];
      each_step(block, after, [](const Step&, const MachineState&) {});
      for (const std::size_t next : graph_->blocks()[block].successors) {
        if (fixed != nullptr && (*fixed)[next]) continue;
        if (!states_[next]) {
          states_[next] = after;
          open.push_back(next);
        } else if (states_[next]->merge(after)) {
          open.push_back(next);
        }
      }
    }
  }

  template <class Visit>
  void each_step(std::size_t number, MachineState& state, Visit visit) {
    const Block& block = graph_->blocks()[number];
    const model::Atom& atom = (*object_)[block.atom];
    for (std::size_t i = block.first; i < block.last; ++i) {
      const Step& step = graph_->steps(block.atom)[i];
      visit(step, state);
      const Flow flow = step.instruction.flow;
      if (flow == Flow::call || flow == Flow::indirect_call) {
        const std::string callee = observer_.callee(atom, step, state);
        apply_lock(callee, state[x86_64::argument_registers[0]], state.locks);
        state.call(callee);
      } else {
        state.execute(*object_, atom, step);
      }
    }
  }

  void observe(std::size_t number, bool is_normal) {
    const Block& block = graph_->blocks()[number];
    const std::size_t returns = facts_->returns.size();
    MachineState state = *states_[number];
    each_step(number, state, [&](const Step& step, const MachineState& before) {
      observer_.observe(block, step, before);
      reach_.observe(block, step, before);
      senses_.observe(block, step, before);
      note_taken(*object_, (*object_)[block.atom], step, before, *facts_);
    });
    if (is_normal) return;
    facts_->returns.resize(returns);
    facts_->locks_at_return.resize(returns);
  }

  const model::Object* object_;
  const FlowGraph* graph_;
  FunctionFacts* facts_;
  Observer observer_;
  SenseObserver senses_;
  LoopReach reach_;
  std::vector<std::optional<MachineState>> states_;
};

}  // namespace

FunctionFacts follow(const model::Object& object, model::FunctionId id, const CodeTargets& targets,
                     const std::set<std::string>& noreturn) {
  const model::Function& function = object[id];
  FunctionFacts facts;
  facts.name = object[function.symbol].name;
  const FlowGraph graph(object, function, targets, noreturn);
  for (const Step& step : graph.steps(function.entry)) {
    std::string text = only_moves(step) ? "move" : fmt::format("{}", step.instruction.mnemonic);
    for (const x86_64::Operand& operand : step.operands)
      if ((operand.kind == x86_64::Operand::Kind::immediate && !step.instruction.branch) ||
          (operand.kind == x86_64::Operand::Kind::memory && operand.base.exists() &&
           operand.base != x86_64::rsp && operand.base != x86_64::rbp))
        text += fmt::format(" {}", operand.number);
    const bool conditional = step.operation == x86_64::Operation::set_condition ||
                             step.operation == x86_64::Operation::conditional_move ||
                             step.instruction.flow == Flow::conditional_jump;
    const char* word = step.operation == x86_64::Operation::set_condition ? "set" : "if";
    if (conditional) text = fmt::format("{} {} {}", word, step.condition & ~1U, step.condition & 1U);
    facts.code.emplace_back(step.instruction.offset, std::move(text));
  }
  facts.has_loop = std::ranges::any_of(graph.blocks(), &Block::in_loop);
  Follower(object, graph, facts, object[function.entry]).run();
  std::ranges::sort(facts.mixing);
  return facts;
}

std::multiset<std::string> FunctionFacts::callees() const {
  std::multiset<std::string> all;
  for (const Call& call : calls) all.insert(call.name);
  return all;
}

void FunctionFacts::absorb(const FunctionFacts& part, const std::string& called) {
  std::erase_if(calls, [&](const Call& call) { return call.name == called; });
  std::erase_if(returns, [&](const Value& value) { return value.origin() == called + "()"; });
  calls.insert(calls.end(), part.calls.begin(), part.calls.end());
  accesses.insert(accesses.end(), part.accesses.begin(), part.accesses.end());
  comparisons.insert(comparisons.end(), part.comparisons.begin(), part.comparisons.end());
  asked.insert(part.asked.begin(), part.asked.end());
  ordered.insert(part.ordered.begin(), part.ordered.end());
  combined.insert(part.combined.begin(), part.combined.end());
  taken.insert(part.taken.begin(), part.taken.end());
  senses.insert(part.senses.begin(), part.senses.end());
  float_constants.insert(part.float_constants.begin(), part.float_constants.end());
  walks.insert(part.walks.begin(), part.walks.end());
  reaches.insert(reaches.end(), part.reaches.begin(), part.reaches.end());
  returns.insert(returns.end(), part.returns.begin(), part.returns.end());
  locks_at_return.insert(locks_at_return.end(), part.locks_at_return.begin(), part.locks_at_return.end());
  constants.insert(part.constants.begin(), part.constants.end());
  factors.insert(part.factors.begin(), part.factors.end());
  arithmetic.insert(part.arithmetic.begin(), part.arithmetic.end());
  names.erase(called);
  for (auto member :
       {&FunctionFacts::names, &FunctionFacts::addressed, &FunctionFacts::compared, &FunctionFacts::escaping})
    (this->*member).insert((part.*member).begin(), (part.*member).end());
  addressed.erase(called);
  has_loop = has_loop || part.has_loop;
  can_return = can_return || part.can_return;
  takes_label_address = takes_label_address || part.takes_label_address;
  has_system_call = has_system_call || part.has_system_call;
  parameters.insert(part.parameters.begin(), part.parameters.end());
  differences += part.differences;
  gathered += part.gathered;
  byte_swaps += part.byte_swaps;
  atomics += part.atomics;
  float_scales += part.float_scales;
  float_comparisons += part.float_comparisons;
  fences += part.fences;
}

bool FunctionFacts::orders() const {
  return std::ranges::any_of(code, [](const auto& step) {
    const std::string& text = step.second;
    const std::string condition = text.substr(0, text.find_last_of(' '));
    return condition == "set 2" || condition == "set 6" || condition == "set 12" || condition == "set 14";
  });
}

bool FunctionFacts::calls_to(const std::string& callee) const {
  return std::ranges::any_of(calls, [&](const Call& call) { return call.name == callee; });
}

}  // namespace stent::review
