// How a system call is set up and found on x86-64.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "live/process/process.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::inject {

/// `from` with everything set so that a `syscall` instruction at `instruction` makes call `number`
/// with the stack pointer at `stack`.
[[nodiscard]] stop::Registers at_syscall(const stop::Registers& from, RemoteAddress instruction,
                                         RemoteAddress stack, long number,
                                         const std::array<std::uint64_t, 6>& arguments);

/// Instructions of the target's own code that stent makes its threads execute.
struct BorrowedCode {
  RemoteAddress syscall_ret;  ///< `syscall; ret`
  RemoteAddress sigreturn;    ///< `mov $15, %eax or %rax; syscall`: what every signal handler returns to
};

/// True of a borrowed thread with these registers before and in a call of stent's, and of no other: it
/// returns into a signal frame's sigreturn. What is below its stack pointer may be the call's.
[[nodiscard]] bool is_in_call(const BorrowedCode& code, const stop::Registers& registers,
                              const process::RemoteMemory& memory);

/// Offset of the first `syscall; ret` in `code`.
[[nodiscard]] std::optional<std::uint64_t> find_syscall_ret(ByteView code);
/// Offset of the first rt_sigreturn(2) in `code`.
[[nodiscard]] std::optional<std::uint64_t> find_sigreturn(ByteView code);

/// Looks through the executable ones of files among the target's `mappings`. Throws `unsupported` when it
/// lacks one.
[[nodiscard]] BorrowedCode find_borrowed_code(const process::Process& target,
                                              const std::vector<process::Mapping>& mappings);

}  // namespace stent::inject
