#include "live/inject/choose_thread.hpp"

#include <linux/rseq.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <cstdlib>

#include "live/inject/arch_x86_64_frame.hpp"
#include "live/process/proc_file.hpp"
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

/// True when interrupting the thread, and dying just then, could not even shorten a sleep of it: it sleeps in
/// a call that the kernel restarts by itself from its beginning.
bool sleeps_well(Pid pid, Tid tid) {
  const auto text =
      process::read_proc_file(process::proc_path(pid, "/task/" + std::to_string(tid.value) + "/syscall"));
  if (!text || text->empty() || text->front() < '0' || text->front() > '9') return false;
  const long number = std::strtol(text->c_str(), nullptr, 10);
  return !stop::reports_eintr(number) && number != SYS_restart_syscall;
}

void refuse_frozen(Pid pid) {
  for (const Tid tid : process::list_threads(pid)) {
    const auto stat = process::read_thread_stat(pid, tid);
    if (!stat || stat->is_dead()) continue;
    if (!process::is_frozen(pid, tid)) return;
    throw Error(ErrorCode::busy, "process " + std::to_string(pid.value) + " is frozen by a cgroup",
                "thaw it (cgroup.freeze, freezer.state, docker unpause) and try again");
  }
}

}  // namespace

stop::StoppedTracee choose_thread(stop::Session& session, const BorrowedCode& code,
                                  const std::vector<process::Mapping>& mappings,
                                  std::chrono::nanoseconds patience, const stop::Session::Accept& accept) {
  constexpr std::size_t most_tries = 8;
  refuse_frozen(session.target().pid());
  const auto fits = [&](const stop::StoppedThread& thread) {
    return has_room(mappings, thread) && !is_in_call(code, thread.registers, session.target().memory()) &&
           (!accept || accept(thread));
  };
  const auto best = [&](const stop::StoppedThread& thread) {
    return !thread.group_stopped && stop::will_restart(thread.registers) && fits(thread);
  };
  const auto any = [](Tid) { return true; };
  const auto well = [&](Tid tid) { return sleeps_well(session.target().pid(), tid); };
  if (auto thread = session.borrow_once(well, best, most_tries)) return std::move(*thread);
  if (auto thread = session.borrow_once(any, best, most_tries)) return std::move(*thread);
  const auto usable = [&](const stop::StoppedThread& thread) {
    return (thread.registers.in_syscall() ||
            !in_restartable_sequence(session.target().memory(), thread.tid)) &&
           fits(thread);
  };
  if (auto thread = session.borrow(usable, patience)) return std::move(*thread);
  throw Error(
      ErrorCode::busy,
      "no thread of process " + std::to_string(session.target().pid().value) +
          " could be borrowed to work for stent",
      "every thread is in an uninterruptible sleep, in a restartable sequence, on a stack not its own, or "
      "amid what the work needs (allocating memory, unwinding, loading); try again");
}

}  // namespace stent::inject
