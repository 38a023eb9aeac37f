// The signal frame that brings a borrowed thread back by itself should stent be killed.
#pragma once

#include "base/bytes.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::inject {

/// Bytes to write at `at`. A thread whose stack pointer is `at` and that executes `ret` goes to `restorer`,
/// which calls rt_sigreturn(2), which restores the state the frame was made of.
struct ReturnFrame {
  RemoteAddress at;
  Bytes bytes;
};

/// The frame of a thread interrupted with these registers, XSAVE state (as PTRACE_GETREGSET gives it) and
/// signal mask, below its red zone. A call that the kernel was to restart (-512..-514) is issued anew by the
/// frame's copy; one that had a restart block (-516) ends with EINTR. Keeps the thread's alternate signal
/// stack. Layout: struct rt_sigframe and struct _fpx_sw_bytes of the kernel (arch/x86/include/asm/sigframe.h,
/// uapi/asm/sigcontext.h).
[[nodiscard]] ReturnFrame make_return_frame(const stop::Registers& registers, ByteView extended_state,
                                            std::uint64_t signal_mask, RemoteAddress restorer);

/// Stack that must be left below the stack pointer for a frame and what goes with it.
inline constexpr std::int64_t stack_wanted = 16 * 1024;

}  // namespace stent::inject
