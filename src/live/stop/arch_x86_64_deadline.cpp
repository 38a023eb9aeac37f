#include "live/stop/arch_x86_64_deadline.hpp"

#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace stent::stop {
namespace {

/// Milliseconds are counted in 31 bits, so that `orig_rax` stays positive; 0 is no note.
constexpr std::int64_t wrap = std::int64_t{1} << 31;
/// Longer timeouts could not be told from deadlines that have passed.
constexpr std::int64_t longest = wrap / 2 - 1;
/// A wait may have been held up for so long after its deadline; beyond, it is not a note of stent's.
constexpr std::int64_t latest = 3'600'000;

/// arch/x86/entry: "use int everywhere for system call numbers", 5.14.
bool takes_lower_half() {
  static const bool does = [] {
    utsname system{};
    if (::uname(&system) != 0) return false;
    char* minor = nullptr;
    const long major = std::strtol(system.release, &minor, 10);
    if (minor == nullptr || *minor != '.') return false;
    return std::pair(major, std::strtol(minor + 1, nullptr, 10)) >= std::pair(5L, 14L);
  }();
  return does;
}

}  // namespace

void keep_deadline(Registers& registers, std::chrono::nanoseconds now) {
  if (registers.call_number() != SYS_epoll_wait && registers.call_number() != SYS_epoll_pwait) return;
  const std::int64_t timeout = static_cast<std::int32_t>(registers.raw.r10);
  if (timeout <= 0 || timeout > longest || !takes_lower_half()) return;
  const std::int64_t present = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % wrap;
  const auto noted = static_cast<std::int64_t>(registers.raw.orig_rax >> 32U);
  std::int64_t left = (noted - present + wrap) % wrap;
  if (left > longest) left -= wrap;
  if (noted != 0 && left >= -latest && left <= timeout) {
    registers.raw.r10 = static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0));
    return;
  }
  const std::int64_t deadline = std::max<std::int64_t>((present + 1 + timeout) % wrap, 1);
  registers.raw.orig_rax =
      static_cast<std::uint32_t>(registers.raw.orig_rax) | static_cast<std::uint64_t>(deadline) << 32U;
}

}  // namespace stent::stop
