// SeccompFilter: what a thread's system call filters say to a call, computed without making it.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.hpp"

namespace stent::inject {

/// One system call as a filter sees it (struct seccomp_data, uapi/linux/seccomp.h).
struct PlannedCall {
  long number = 0;
  std::array<std::uint64_t, 6> arguments{};
  RemoteAddress after;  ///< the instruction pointer: just past the `syscall` instruction
};

/// What one program (classic BPF, as seccomp(2) accepts it) returns for `call`: SECCOMP_RET_* with its data.
/// Empty when the program is malformed, or does what stent does not know.
[[nodiscard]] std::optional<std::uint32_t> run_filter(std::span<const sock_filter> program,
                                                      const PlannedCall& call);

class SeccompFilter {
 public:
  /// The filters of one thread, in any order; none allow everything.
  explicit SeccompFilter(std::vector<std::vector<sock_filter>> programs = {})
      : programs_(std::move(programs)) {}

  /// True when every program lets `call` through (SECCOMP_RET_ALLOW or SECCOMP_RET_LOG).
  [[nodiscard]] bool allows(const PlannedCall& call) const;

 private:
  std::vector<std::vector<sock_filter>> programs_;
};

}  // namespace stent::inject
