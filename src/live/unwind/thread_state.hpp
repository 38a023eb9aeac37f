// What an unwinder needs of a stopped thread.
#pragma once

#include <sys/user.h>

#include <string>

#include "base/address.hpp"
#include "base/pid.hpp"

namespace stent::unwind {

struct ThreadState {
  Tid tid;
  std::string comm;
  bool is_main = false;      ///< the first thread: its home stack is [stack]
  bool was_blocked = false;  ///< it slept in the kernel when it was stopped
  user_regs_struct registers{};

  [[nodiscard]] RemoteAddress pc() const { return {registers.rip}; }
  [[nodiscard]] RemoteAddress sp() const { return {registers.rsp}; }
};

}  // namespace stent::unwind
