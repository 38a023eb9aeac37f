// How an instruction takes apart or moves a number that was loaded from memory that outlives the call.
#pragma once

#include "create/review/function_facts.hpp"
#include "create/review/machine_state.hpp"

namespace stent::review {

/// Adds to `facts.taken` what `step` does, given the state before it.
void note_taken(const model::Object& object, const model::Atom& atom, const x86_64::Step& step,
                const MachineState& before, FunctionFacts& facts);

}  // namespace stent::review
