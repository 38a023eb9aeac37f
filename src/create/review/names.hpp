// What the names of functions tell: the families of the C library, and the habits of everyone else.
#pragma once

#include <string>

#include "create/review/library_names.hpp"

namespace stent::review {

/// A symbol as people write it: demangled to its last name, without clone suffixes and leading underscores.
/// "_ZN3foo3bazEi" -> "baz", "__pthread_mutex_lock" -> "pthread_mutex_lock".
[[nodiscard]] std::string plain_name(const std::string& symbol);

enum class LockEffect { none, lock, unlock };
[[nodiscard]] LockEffect lock_effect(const std::string& plain);
/// Takes or gives back a lock, waits for others or wakes them.
[[nodiscard]] bool synchronises(const std::string& plain);

enum class CountEffect { none, up, down };
/// Reference counting: ref/unref, get/put, retain/release, incref/decref, hold/drop.
[[nodiscard]] CountEffect count_effect(const std::string& plain);

/// A member's name that is usual for a count of references.
[[nodiscard]] bool tells_of_references(const std::string& member);

[[nodiscard]] bool is_allocator(const std::string& plain);
[[nodiscard]] bool is_release(const std::string& plain);  ///< free and its kin
/// Decides where things are found again: comparators, hashes, ranks.
[[nodiscard]] bool decides_order(const std::string& plain);
/// Computes where something stands: an index, a bucket, a priority.
[[nodiscard]] bool decides_place(const std::string& plain);
/// Searches or sorts by a comparison that is given to it.
[[nodiscard]] bool is_search(const std::string& plain);
/// A symbol from inside an ordered or hashed container of the C++ library.
[[nodiscard]] bool is_container(const std::string& symbol);
/// A destructor decides no order.
[[nodiscard]] bool is_destructor(const std::string& symbol);
/// A constructor, or a name that only implementations may give: what it does with two objects is no
/// comparison.
[[nodiscard]] bool compares_nothing(const std::string& symbol);
/// A symbol of the C++ library: what it does is the same in both builds, as far as its arguments are.
[[nodiscard]] bool is_library_code(const std::string& symbol);
/// Starts a thread in a function that it is given: POSIX, C11, GLib, APR, libuv and everyone's own.
[[nodiscard]] bool starts_thread(const std::string& plain);
/// Returns what time it is, by its name: now_ms, ticks_now, get_uptime.
[[nodiscard]] bool tells_time(const std::string& plain);
/// Runs once, when the program or its configuration starts.
[[nodiscard]] bool runs_at_start(const std::string& plain);
/// Usually never returns while the program runs.
[[nodiscard]] bool runs_for_ever(const std::string& plain);

}  // namespace stent::review
