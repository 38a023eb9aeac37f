// Looking through a target's data for addresses inside given ranges.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "live/process/process.hpp"

namespace stent::transaction {

/// True when an aligned word of the target's private writable memory lies in one of `ranges`; true as well
/// when some of it cannot be read. `skip` is left out (unused stack below stack pointers). The target may run
/// meanwhile; `pause` is called now and then. Pages never touched are not read.
[[nodiscard]] bool data_refers_to(const process::Process& target, std::span<const RemoteRange> ranges,
                                  std::span<const RemoteRange> skip, const std::function<void()>& pause);

}  // namespace stent::transaction
