// How a system call is set up and found on x86-64.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "live/process/process.hpp"
#include "live/stop/arch_x86_64_registers.hpp"

namespace stent::inject {

/// `from` with everything set so that a `syscall` instruction at `instruction` makes call `number`.
[[nodiscard]] stop::Registers at_syscall(const stop::Registers& from, RemoteAddress instruction, long number,
                                         const std::array<std::uint64_t, 6>& arguments);

/// Offset of the first `syscall; ret` in `code`.
[[nodiscard]] std::optional<std::uint64_t> find_syscall_ret(ByteView code);

/// A `syscall; ret` in the target's executable memory: the vdso's, else any module's. Throws `unsupported`
/// when there is none.
[[nodiscard]] RemoteAddress find_syscall_ret(const process::Process& target);

}  // namespace stent::inject
