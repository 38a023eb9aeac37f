// System calls that a killed stent began on a thread of the target, and that the thread makes on its own.
#pragma once

#include <optional>

#include "live/transaction/quiescence.hpp"

namespace stent::transaction {

/// Waits until no thread of the target stands before or in such a call: made later it would close a
/// descriptor, or unmap memory, that is another's by then. A value: the thread that still does at `deadline`.
/// Stops all threads for each look. Throws `gone`, `unsupported` where nothing can be borrowed.
[[nodiscard]] std::optional<Busy> wait_for_calls_under_way(stop::Session& session, const Options& options,
                                                           Deadline deadline);

}  // namespace stent::transaction
