// Publisher: writes jumps into a running target by the breakpoint protocol, or takes them back.
#pragma once

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "live/process/process.hpp"
#include "live/publish/arch_x86_64_site.hpp"
#include "live/publish/is_outside.hpp"
#include "live/publish/watch.hpp"

namespace stent::publish {

/// What publishing took.
struct Published {
  std::size_t threads = 0;
  std::chrono::nanoseconds longest_pause{0};  ///< of one thread in one stop
  /// Who stood in the bytes to be overwritten until the deadline; nothing has changed then, but that threads
  /// may be in the new code if `has_led_to_new`.
  std::optional<unwind::Intruder> intruder;
  bool has_led_to_new = false;
  /// `mismatch` when an entry did not hold what it should, `traced`, `gone`, `not_permitted`, `busy`.
  std::optional<Error> error;
  std::vector<std::string> notes;
};

/// For each function on its own: every call meets the old code, the breakpoint, which leads on to where the
/// old or the new bytes jump, or the new code; never bytes of both.
class Publisher {
 public:
  /// `tables` are the target's for unwinding. Disturbs nothing yet.
  Publisher(const process::Process& target, std::vector<Site> sites, std::vector<unwind::UnwindTable> tables);

  /// Whatever comes of it, no breakpoint stands afterwards; but every thread is still traced, until the
  /// calling thread ends.
  [[nodiscard]] Published publish(Watch::Clock::time_point deadline);

 private:
  void make(Published& result, IsOutside& outside, Watch::Clock::time_point deadline);
  void require_bytes(bool with_breakpoints) const;
  void write_breakpoints();
  void write_tails();
  void take_breakpoints();
  void try_to_take_breakpoints() noexcept;
  [[nodiscard]] std::optional<RemoteAddress> route_of(RemoteAddress after_breakpoint) const;
  void correct_copy(Pid child);

  const process::Process* target_;
  std::vector<Site> sites_;
  unwind::ForbiddenCode forbidden_;
  unwind::Unwinder unwinder_;
  std::size_t standing_ = 0;  ///< breakpoints written, from the first site on
  bool has_new_tails_ = false;
  std::vector<std::string> notes_;
  Watch watch_;
};

}  // namespace stent::publish
