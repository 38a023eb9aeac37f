#include "live/inject/choose_thread.hpp"

#include <linux/rseq.h>
#include <sys/ptrace.h>

#include "live/stop/arch_x86_64_restart.hpp"

namespace stent::inject {
namespace {

/// True when the kernel would abort what the thread is just doing if it were moved elsewhere (rseq(2)).
bool in_restartable_sequence(const process::RemoteMemory& memory, Tid tid) {
  __ptrace_rseq_configuration configuration{};
  const long size = ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_RSEQ_CONFIGURATION), tid.value,
                             sizeof configuration, &configuration);
  if (size <= 0 || configuration.rseq_abi_pointer == 0) return false;
  constexpr auto offset = static_cast<std::int64_t>(offsetof(struct rseq, rseq_cs));
  std::uint64_t section = 0;
  const RemoteAddress at = RemoteAddress{configuration.rseq_abi_pointer} + offset;
  return !memory.try_read(at, std::as_writable_bytes(std::span(&section, 1))) || section != 0;
}

}  // namespace

stop::StoppedTracee choose_thread(stop::Session& session, std::chrono::nanoseconds patience) {
  constexpr std::size_t most_tries = 8;
  const auto best = [](const stop::StoppedThread& thread) {
    return !thread.group_stopped && stop::will_restart(thread.registers);
  };
  if (auto thread = session.borrow_once(best, most_tries)) return std::move(*thread);
  const auto usable = [&](const stop::StoppedThread& thread) {
    return thread.registers.in_syscall() || !in_restartable_sequence(session.target().memory(), thread.tid);
  };
  if (auto thread = session.borrow(usable, patience)) return std::move(*thread);
  throw Error(ErrorCode::busy,
              "no thread of process " + std::to_string(session.target().pid().value) +
                  " could be borrowed to make memory for the patch",
              "every thread is in an uninterruptible sleep or in a restartable sequence; try again");
}

}  // namespace stent::inject
