// What a store leaves in memory, as text.
#pragma once

#include <string>

#include "binary/arch/x86_64/step.hpp"
#include "create/review/function_facts.hpp"

namespace stent::review {

/// What a store leaves in memory; "step{1}" when that is what was there, and one more.
[[nodiscard]] std::string stored_text(const x86_64::Step& step, const Access& access);
/// Whether what is stored is what was there and something more, or less.
[[nodiscard]] int direction_of(const x86_64::Step& step, const Access& access);

}  // namespace stent::review
