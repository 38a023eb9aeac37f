// Choosing where in the target's address space an image of a patch goes.
#pragma once

#include <optional>
#include <vector>

#include "live/process/mapping.hpp"

namespace stent::resolve {

/// What must be kept free around a choice.
struct AddressLimits {
  RemoteAddress lowest;  ///< vm.mmap_min_addr
  std::optional<RemoteAddress>
      brk;  ///< where the heap starts (start_brk): nothing goes between it and the next mapping
  /// Nothing ends above: 2 GiB for a program whose code holds addresses of 32 bits.
  RemoteAddress highest{0x7fff'ffff'f000};
};

/// Limits of a process as /proc tells them.
[[nodiscard]] AddressLimits read_address_limits(Pid pid);

/// The free page-aligned range of `size` bytes nearest to `module` from which all of `module` is within +-2
/// GiB; never where the heap or the main stack would grow. Throws `refused` when there is none.
[[nodiscard]] RemoteRange choose_window(const std::vector<process::Mapping>& mappings, RemoteRange module,
                                        std::uint64_t size, const AddressLimits& limits);

/// The same, but at the first free one of several places that `seed` tells, or the free one nearest to the
/// first, always a multiple of the size: what is told to come again comes where it, and seldom another, has
/// been. So a word that some memory goes on holding, such as an unwinder's pointer to the tables of what
/// left, does not look like a pointer to what comes. Near a module below 4 GiB there is no choice: round
/// numbers that programs count with would look so.
[[nodiscard]] RemoteRange own_window(const std::vector<process::Mapping>& mappings, RemoteRange module,
                                     std::uint64_t size, const AddressLimits& limits, std::uint64_t seed);

}  // namespace stent::resolve
