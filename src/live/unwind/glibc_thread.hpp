// Where glibc keeps what it knows of a thread (struct pthread, 2.34 to 2.40, x86-64), from the thread
// pointer.
#pragma once

#include <cstdint>

namespace stent::unwind::glibc_thread {

inline constexpr std::uint64_t self = 0x10;  ///< the thread pointer, as the word at 0 is
inline constexpr std::uint64_t tid = 0x2d0;  ///< 0 or less when the thread has ended
inline constexpr std::uint64_t stack_begin = 0x690, stack_size = 0x698;
inline constexpr std::uint64_t end = 0x6a0;  ///< of all of these

}  // namespace stent::unwind::glibc_thread
