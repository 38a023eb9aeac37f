// Writing down what each instruction does, given the state before it.
#pragma once

#include "create/review/flow_graph.hpp"
#include "create/review/function_facts.hpp"
#include "create/review/machine_state.hpp"

namespace stent::review {

class Observer {
 public:
  Observer(const model::Object& object, const FlowGraph& graph, FunctionFacts& facts,
           const model::Atom& entry)
      : object_(&object), graph_(&graph), facts_(&facts), entry_(&entry) {}

  /// Adds what `step` does to the facts.
  void observe(const Block& block, const x86_64::Step& step, const MachineState& before);
  /// The callee of a call or of a jump out of the function; empty when `step` is neither.
  [[nodiscard]] std::string callee(const model::Atom& atom, const x86_64::Step& step,
                                   const MachineState& before) const;

 private:
  void observe_constants(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void note_factor(const x86_64::Step& step, std::int64_t number);
  void observe_memory(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void observe_comparison(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void observe_asked(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void observe_combined(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void observe_order(const model::Atom& atom, const x86_64::Step& step, const MachineState& before);
  void observe_names(const model::Atom& atom, const x86_64::Step& step);
  void observe_parameters(const x86_64::Step& step, const MachineState& before);
  [[nodiscard]] std::optional<std::int64_t> slot(const model::Atom& atom, const x86_64::Step& step,
                                                 const MachineState& before) const;
  void observe_call(const Block& block, const x86_64::Step& step, const MachineState& before);
  void observe_return(const MachineState& before);

  const model::Object* object_;
  const FlowGraph* graph_;
  FunctionFacts* facts_;
  const model::Atom* entry_;
  std::set<Ordered> last_compared_;  ///< the members that the last comparison asked for
};

/// Changes the depth of the lock that a call of `callee` takes or gives back.
void apply_lock(const std::string& callee, const Value& first_argument, Locks& locks);

}  // namespace stent::review
