// The signal frame that brings a borrowed thread back by itself should stent be killed.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "live/process/mapping.hpp"
#include "live/process/remote_memory.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::inject {

/// Bytes to write at `at`. A thread whose stack pointer is `at` and that executes `ret` goes to `restorer`,
/// which calls rt_sigreturn(2), which restores the state the frame was made of.
struct ReturnFrame {
  RemoteAddress at;
  Bytes bytes;
};

/// The system call that a thread interrupted with these registers is to issue anew when no kernel is left to
/// restart it; empty when there is none. `code_before` are the bytes in front of its program counter: once
/// the kernel has restarted a sleep (restart_syscall(2)), only the code, `mov $NUMBER, %eax; syscall`, still
/// tells which one it is.
[[nodiscard]] std::optional<long> call_to_reissue(const stop::Registers& registers, ByteView code_before);
/// Bytes that `call_to_reissue` looks at.
inline constexpr std::int64_t code_before_size = 7;

/// The frame of a thread interrupted with these registers, XSAVE state (as PTRACE_GETREGSET gives it) and
/// signal mask, below its red zone. A call that the kernel was to restart is issued anew, from its beginning,
/// by the frame's copy when `reissue` names it, and ends with EINTR otherwise. Keeps the thread's alternate
/// signal stack. Layout: struct rt_sigframe and struct _fpx_sw_bytes of the kernel
/// (arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h).
[[nodiscard]] ReturnFrame make_return_frame(const stop::Registers& registers, ByteView extended_state,
                                            std::uint64_t signal_mask, RemoteAddress restorer,
                                            std::optional<long> reissue);

/// True when the stack above `sp` holds the frame of a signal handler that has not returned: the address of
/// `restorer`, then a ucontext whose stack pointer is further up the same stack; also when that stack cannot
/// be read.
[[nodiscard]] bool holds_signal_frame(const process::RemoteMemory& memory,
                                      const std::vector<process::Mapping>& mappings, RemoteAddress sp,
                                      RemoteAddress restorer);

/// Stack that must be left below the stack pointer for a frame and what goes with it.
inline constexpr std::int64_t stack_wanted = 16 * 1024;

}  // namespace stent::inject
