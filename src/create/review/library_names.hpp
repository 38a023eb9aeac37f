// What calling a function of the C library means for a running process; by its plain name.
#pragma once

#include <string>

namespace stent::review {

/// Blocks until something happens, for as long as it takes.
[[nodiscard]] bool is_wait(const std::string& plain);
/// Comes from C or POSIX and keeps no pointer to its arguments.
[[nodiscard]] bool keeps_nothing(const std::string& plain);
/// Fills the memory that it is given first, and returns that pointer.
[[nodiscard]] bool returns_first_argument(const std::string& plain);
/// A reason why calling it newly matters to a running process ("starts a thread"), or empty.
[[nodiscard]] std::string new_effect(const std::string& plain);
/// A system call (by its wrapper) that a seccomp filter made for the old code may forbid.
[[nodiscard]] bool may_be_forbidden(const std::string& plain);

}  // namespace stent::review
