// Which way members of elements are compared, and by which floating-point literals a function computes.
#pragma once

#include "create/review/flow_graph.hpp"
#include "create/review/function_facts.hpp"
#include "create/review/machine_state.hpp"

namespace stent::review {

class SenseObserver {
 public:
  SenseObserver(const model::Object& object, FunctionFacts& facts) : object_(&object), facts_(&facts) {}

  /// Adds what `step` of `block` asks for and computes with.
  void observe(const Block& block, const x86_64::Step& step, const MachineState& before);

 private:
  /// A member of an element, on the left of the comparison or on the right.
  struct Compared {
    std::int64_t offset = 0;
    bool is_left = true;
  };

  void remember(const Block& block, const x86_64::Step& step, const MachineState& before);
  void note_float_constant(const Block& block, const x86_64::Step& step);

  const model::Object* object_;
  FunctionFacts* facts_;
  std::optional<Compared> last_;
};

}  // namespace stent::review
