#include "live/transaction/calls_under_way.hpp"

#include <algorithm>

#include "live/inject/arch_x86_64_call.hpp"
#include "live/stop/thread_group_stop.hpp"

namespace stent::transaction {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t syscall_length = 2;
constexpr milliseconds between_looks{2};

/// What a borrowed thread is before and in a call, and no other: it returns into a signal frame's sigreturn.
bool is_in_call(const stop::StoppedThread& thread, const inject::BorrowedCode& code,
                const process::RemoteMemory& memory) {
  const stop::Registers& registers = thread.registers;
  if (registers.pc() != code.syscall_ret && registers.pc() != code.syscall_ret + syscall_length) return false;
  Bytes returns_to(sizeof(std::uint64_t));
  return memory.try_read(registers.sp(), returns_to) &&
         load<std::uint64_t>(returns_to, 0) == code.sigreturn.value;
}

unwind::Intruder intruder_of(Tid tid, const std::string& comm, const std::string& reason) {
  unwind::Intruder intruder;
  intruder.tid = tid;
  intruder.comm = comm;
  intruder.reason = reason;
  return intruder;
}

/// Whom to wait for.
std::optional<unwind::Intruder> look(stop::Session& session, const inject::BorrowedCode& code,
                                     const Options& options) {
  const std::chrono::nanoseconds max_pause =
      options.max_pause ? *options.max_pause : stop::default_max_pause(session.thread_count());
  stop::ThreadGroupStop stop(session, max_pause);
  auto failure = stop.stop_blocked();
  if (!failure) failure = stop.stop_running();
  if (failure)
    return intruder_of(failure->tid, failure->comm, "could not be stopped in time: " + failure->reason);
  for (const auto threads : {stop.blocked(), stop.running()})
    for (const stop::StoppedThread& thread : threads)
      if (is_in_call(thread, code, session.target().memory()))
        return intruder_of(thread.tid, thread.comm, "is in a system call that a killed stent began");
  return std::nullopt;
}

}  // namespace

std::optional<Busy> wait_for_calls_under_way(stop::Session& session, const Options& options,
                                             Deadline deadline) {
  const inject::BorrowedCode code = inject::find_borrowed_code(session.target(), session.target().mappings());
  for (unsigned tries = 1;; ++tries) {
    auto intruder = look(session, code, options);
    if (!intruder) return std::nullopt;
    if (std::chrono::steady_clock::now() >= deadline) return Busy{std::move(*intruder), tries, {}};
    session.serve(between_looks);
  }
}

}  // namespace stent::transaction
