// Neighbouring members that the compiler sets with one store.
#pragma once

#include <map>
#include <string>

#include "create/review/function_facts.hpp"

namespace stent::review {

/// The functions of one build by their symbols.
using AllFacts = std::map<std::string, FunctionFacts>;

/// Takes such stores of constants apart, in both builds alike: where a half is used on its own anywhere in
/// the unit, and the whole never is.
void split_stores(AllFacts& before, AllFacts& after);

}  // namespace stent::review
