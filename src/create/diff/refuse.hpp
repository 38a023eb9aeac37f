// The changes that a patch cannot carry into a running process.
#pragma once

#include <vector>

#include "create/diff/change_set.hpp"
#include "create/diff/sameness.hpp"

namespace stent::diff {

/// Refuses: another initial value, size or kind of a variable that lives on; a changed constant that other
/// units can see; new thread-local variables; changed constructors and other sections with a meaning to the
/// loader; a name that now means another thing.
[[nodiscard]] std::vector<Refusal> refuse_data(const ObjectIndex& old_index, const ObjectIndex& new_index,
                                               const Correspondence& correspondence, Sameness& sameness);

/// Refuses the functions of `functions` that cannot be handled in either object, and IFUNC resolvers.
[[nodiscard]] std::vector<Refusal> refuse_functions(const ObjectIndex& old_index,
                                                    const ObjectIndex& new_index,
                                                    const std::vector<FunctionChange>& functions);

}  // namespace stent::diff
