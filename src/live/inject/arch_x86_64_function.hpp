// How a function call is set up on x86-64, on a stack of its own.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::inject {

/// Where calls are made: code that brings the thread home, and a stack.
struct CallSite {
  RemoteAddress code;  ///< holds `homecoming_code()`, executable
  RemoteRange stack;   ///< writable
};

/// What a called function returns to: it stores the result, goes back to the signal frame on the thread's own
/// stack and makes rt_sigreturn(2) there, with stent or without it.
[[nodiscard]] ByteView homecoming_code();

/// What stands at the top of the stack while a function runs: the return address, the place of the signal
/// frame as rt_sigreturn(2) wants it, the result.
struct CallFrame {
  RemoteAddress at;
  Bytes bytes;
  RemoteAddress result;
};
[[nodiscard]] CallFrame make_call_frame(const CallSite& site, RemoteAddress return_frame);

/// `from` with everything set so that the thread calls `function` on `frame` (psABI, "Function Calling
/// Sequence": integers in registers, direction flag clear).
[[nodiscard]] stop::Registers at_function(const stop::Registers& from, const CallFrame& frame,
                                          RemoteAddress function,
                                          const std::array<std::uint64_t, 4>& arguments);

/// True at the entry of the rt_sigreturn(2) that ends a call at `site`.
[[nodiscard]] bool has_come_home(const stop::Registers& registers, const CallSite& site);
/// `from`, at that entry, so that the call is not made.
[[nodiscard]] stop::Registers skipping_syscall(const stop::Registers& from);

/// `state` (XSAVE, as PTRACE_GETREGSET gives it) with the x87 unit empty and all rounding and exception masks
/// as a function may expect them.
[[nodiscard]] Bytes with_default_floating_point(Bytes state);

}  // namespace stent::inject
