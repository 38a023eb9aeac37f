#include "live/inject/remote_caller.hpp"

#include "live/inject/arch_x86_64_call.hpp"
#include "live/inject/arch_x86_64_frame.hpp"
#include "live/inject/choose_thread.hpp"
#include "live/inject/target_limits.hpp"
#include "live/process/proc_file.hpp"

namespace stent::inject {
namespace {

constexpr std::chrono::seconds call_patience{5};

void refuse_obstacles(const process::Process& target, Tid tid) {
  const auto status = process::read_proc_file(process::proc_path({tid.value}, "/status"));
  if (!status) return;
  if (const auto obstacle = find_obstacle(*status))
    throw Error(ErrorCode::unsupported,
                "process " + std::to_string(target.pid().value) + " runs under " + *obstacle +
                    ", so stent may not make a system call in it",
                "run the program without it, or restart it with the fixed version");
}

}  // namespace

RemoteCaller::RemoteCaller(stop::Session& session, std::chrono::nanoseconds patience)
    : code_(find_borrowed_code(session.target())), thread_(choose_thread(session, patience)) {
  refuse_obstacles(session.target(), thread_.state().tid);
  const ReturnFrame frame = make_return_frame(thread_.state().registers, thread_.extended_state(),
                                              thread_.signal_mask(), code_.sigreturn);
  thread_.memory().write(frame.at, frame.bytes);
  frame_ = frame.at;
}

RemoteCaller::~RemoteCaller() = default;

std::int64_t RemoteCaller::syscall(long number, const std::array<std::uint64_t, 6>& arguments) {
  // In this order: from the first step on, the frame brings the thread back with its own mask.
  thread_.set_registers(at_syscall(thread_.state().registers, code_.syscall_ret, frame_, number, arguments));
  thread_.set_signal_mask(stop::all_signals);
  return thread_.run_syscall(call_patience);
}

}  // namespace stent::inject
