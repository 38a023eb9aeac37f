#include "live/inject/remote_caller.hpp"

#include <sys/syscall.h>

#include <csignal>

#include "live/inject/arch_x86_64_call.hpp"
#include "live/inject/arch_x86_64_frame.hpp"
#include "live/inject/choose_thread.hpp"
#include "live/inject/thread_limits.hpp"

namespace stent::inject {
namespace {

constexpr std::chrono::seconds call_patience{5};
constexpr std::int64_t syscall_length = 2;

ReturnFrame return_frame(stop::StoppedTracee& thread, const process::RemoteMemory& memory,
                         RemoteAddress restorer) {
  const stop::Registers& registers = thread.state().registers;
  Bytes code(code_before_size);
  if (!memory.try_read(registers.pc() - code_before_size, code)) code.clear();
  return make_return_frame(registers, thread.extended_state(), thread.signal_mask(), restorer,
                           call_to_reissue(registers, code));
}

constexpr std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }
constexpr std::uint64_t fault_signals =
    bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGFPE) | bit(SIGTRAP) | bit(SIGSYS);

}  // namespace

RemoteCaller::RemoteCaller(stop::Session& session, std::chrono::nanoseconds patience)
    : RemoteCaller(session, patience, {}) {}

RemoteCaller::RemoteCaller(stop::Session& session, std::chrono::nanoseconds patience,
                           const stop::Session::Accept& accept)
    : RemoteCaller(session, session.target().mappings(), patience, accept) {}

RemoteCaller::RemoteCaller(stop::Session& session, const std::vector<process::Mapping>& mappings,
                           std::chrono::nanoseconds patience, const stop::Session::Accept& accept)
    : RemoteCaller(session, find_borrowed_code(session.target(), mappings), mappings, patience, accept) {}

RemoteCaller::RemoteCaller(stop::Session& session, const BorrowedCode& code,
                           const std::vector<process::Mapping>& mappings, std::chrono::nanoseconds patience,
                           const stop::Session::Accept& accept)
    : RemoteCaller(code, choose_thread(session, code, mappings, patience, accept)) {}

RemoteCaller::RemoteCaller(const BorrowedCode& code, stop::StoppedTracee thread)
    : code_(code), thread_(std::move(thread)), filter_(read_limits(thread_.state().tid)) {
  require(SYS_rt_sigreturn, {});
  const ReturnFrame frame = return_frame(thread_, thread_.memory(), code_.sigreturn);
  thread_.memory().write(frame.at, frame.bytes);
  frame_ = frame.at;
}

RemoteCaller::~RemoteCaller() = default;

void RemoteCaller::require(long number, const std::array<std::uint64_t, 6>& arguments) const {
  const RemoteAddress code = number == SYS_rt_sigreturn ? code_.sigreturn : code_.syscall_ret;
  if (filter_.allows({number, arguments, code + syscall_length})) return;
  throw Error(ErrorCode::not_permitted,
              "the system call filter (seccomp) of thread " + std::to_string(thread_.state().tid.value) +
                  " forbids " + call_name(number),
              "let the filter of the program allow it, or restart the program with the fixed version");
}

std::int64_t RemoteCaller::syscall(long number, const std::array<std::uint64_t, 6>& arguments) {
  require(number, arguments);
  // In this order: from the first step on, the frame brings the thread back with its own mask.
  thread_.set_registers(at_syscall(thread_.state().registers, code_.syscall_ret, frame_, number, arguments));
  thread_.set_signal_mask(stop::all_signals);
  return thread_.run_syscall(call_patience);
}

std::uint64_t RemoteCaller::call(const CallSite& site, RemoteAddress function,
                                 const std::array<std::uint64_t, 4>& arguments,
                                 std::chrono::nanoseconds patience) {
  using End = stop::StoppedTracee::End;
  const CallFrame frame = make_call_frame(site, frame_);
  thread_.memory().write(frame.at, frame.bytes);
  // Registers first: from then on, the frame brings the thread back with all of its state.
  thread_.set_registers(at_function(thread_.state().registers, frame, function, arguments));
  thread_.set_signal_mask(stop::all_signals & ~fault_signals);
  thread_.set_extended_state(with_default_floating_point(thread_.extended_state()));
  const auto is_end = [&](const stop::Registers& registers) { return has_come_home(registers, site); };
  const auto skip = [&] { thread_.set_registers(skipping_syscall(thread_.registers())); };
  const End end = thread_.run_function(is_end, skip, patience);
  if (end.kind == End::Kind::unfinished)
    throw Error(ErrorCode::busy, "a function that stent calls in the target does not return",
                "it goes on by itself; look at what it waits for, then try again");
  if (end.kind == End::Kind::faulted)
    throw Error(ErrorCode::mismatch,
                "a function that stent called in the target failed by signal " + std::to_string(end.signal),
                "the signal was not delivered; correct the function");
  return thread_.memory().read_value<std::uint64_t>(frame.result);
}

}  // namespace stent::inject
