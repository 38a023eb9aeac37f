// Process and thread ids as types of their own.
#pragma once

#include <sys/types.h>

#include <compare>

namespace stent {

/// A process (thread group) id in stent's own pid namespace.
struct Pid {
  pid_t value = 0;
  auto operator<=>(const Pid&) const = default;
};

/// A thread id in stent's own pid namespace.
struct Tid {
  pid_t value = 0;
  auto operator<=>(const Tid&) const = default;
};

}  // namespace stent
