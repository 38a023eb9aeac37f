#include "live/stop/leave_event.hpp"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace stent::stop {
namespace {
constexpr std::size_t ring_size = 2 * 4096;  // its head and one page of records
}

std::optional<LeaveEvent> LeaveEvent::watch(Tid tid, RemoteAddress at) {
  perf_event_attr what{};
  what.type = PERF_TYPE_BREAKPOINT;
  what.size = sizeof what;
  what.bp_type = HW_BREAKPOINT_X;
  what.bp_addr = at.value;
  what.bp_len = sizeof(long);
  what.sample_period = 1;
  what.wakeup_events = 1;
  what.exclude_kernel = 1;
  what.exclude_hv = 1;
  UniqueFd event(
      static_cast<int>(::syscall(SYS_perf_event_open, &what, tid.value, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) return std::nullopt;
  void* ring = ::mmap(nullptr, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, event.get(), 0);
  if (ring == MAP_FAILED) return std::nullopt;
  return LeaveEvent(std::move(event), ring);
}

LeaveEvent::LeaveEvent(LeaveEvent&& other) noexcept
    : event_(std::move(other.event_)), ring_(std::exchange(other.ring_, nullptr)) {}

LeaveEvent::~LeaveEvent() {
  if (ring_ != nullptr) ::munmap(ring_, ring_size);
}

}  // namespace stent::stop
