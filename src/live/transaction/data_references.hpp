// Looking through a target's data for addresses inside given ranges.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "live/process/process.hpp"
#include "live/unwind/scan.hpp"

namespace stent::transaction {

/// True when an aligned word of the target's private writable memory lies in one of `ranges` and `is_excused`
/// does not know it for no reference; true as well when some of it cannot be read, or when `give_up`, asked
/// now and then, says so. `skip` is left out (unused
/// stack below stack pointers, what goes with the ranges). Certain only while the
/// whole target is stopped: a pointer may move meanwhile. Pages never touched are not read.
[[nodiscard]] bool data_refers_to(const process::Process& target, std::span<const RemoteRange> ranges,
                                  std::span<const RemoteRange> skip,
                                  const std::function<bool(const unwind::Hit&)>& is_excused,
                                  const std::function<bool()>& give_up);

}  // namespace stent::transaction
