#include "live/inject/choose_thread.hpp"

#include <linux/rseq.h>
#include <sys/ptrace.h>

#include "live/inject/arch_x86_64_frame.hpp"
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

/// True when the thread stands on its own stack, not on a fiber's or an alternate one, with room left below.
bool has_room(const std::vector<process::Mapping>& mappings, const stop::StoppedThread& thread) {
  const RemoteAddress sp = thread.registers.sp();
  const process::Mapping* stack = process::find_mapping(mappings, sp);
  if (stack == nullptr || !stack->permissions.write || sp - stack->range.begin < stack_wanted) return false;
  return stack->name == "[stack]" || stack->range.contains(thread.registers.fs_base());
}

}  // namespace

stop::StoppedTracee choose_thread(stop::Session& session, std::chrono::nanoseconds patience) {
  constexpr std::size_t most_tries = 8;
  const auto mappings = session.target().mappings();
  const auto best = [&](const stop::StoppedThread& thread) {
    return !thread.group_stopped && has_room(mappings, thread) && stop::will_restart(thread.registers);
  };
  if (auto thread = session.borrow_once(best, most_tries)) return std::move(*thread);
  const auto usable = [&](const stop::StoppedThread& thread) {
    return has_room(mappings, thread) &&
           (thread.registers.in_syscall() || !in_restartable_sequence(session.target().memory(), thread.tid));
  };
  if (auto thread = session.borrow(usable, patience)) return std::move(*thread);
  throw Error(ErrorCode::busy,
              "no thread of process " + std::to_string(session.target().pid().value) +
                  " could be borrowed to make memory for the patch",
              "every thread is in an uninterruptible sleep, in a restartable sequence or on a stack not its "
              "own; try again");
}

}  // namespace stent::inject
