#include "live/call/function_caller.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/inject/arch_x86_64_frame.hpp"
#include "live/inject/remote_mapping.hpp"
#include "live/resolve/exported_symbol.hpp"
#include "live/stop/arch_x86_64_restart.hpp"

namespace stent::call {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t stack_size = 256 << 10;

/// psABI: begin in rdi, the mark in rsi, the function in rdx.
constexpr unsigned char call_and_clear_code[] = {
    0x53,                                      // push %rbx
    0x48, 0x89, 0xf3,                          // mov %rsi,%rbx
    0xff, 0xd2,                                // call *%rdx
    0x48, 0xc7, 0x03, 0x00, 0x00, 0x00, 0x00,  // movq $0,(%rbx)
    0x5b,                                      // pop %rbx
    0xc3,                                      // ret
};
constexpr std::int64_t call_and_clear_at = 64;

/// System calls that wait for something outside the process: no allocator, loader or unwinder makes them.
bool waits_outside(const stop::Registers& registers) {
  if (!registers.in_syscall()) return false;
  constexpr std::array calls{
      SYS_poll,         SYS_ppoll,     SYS_select,          SYS_pselect6,      SYS_epoll_wait,
      SYS_epoll_pwait,  SYS_nanosleep, SYS_clock_nanosleep, SYS_accept,        SYS_accept4,
      SYS_recvfrom,     SYS_recvmsg,   SYS_pause,           SYS_rt_sigsuspend, SYS_wait4,
      SYS_waitid,       SYS_semop,     SYS_semtimedop,      SYS_msgrcv,        SYS_rt_sigtimedwait,
      SYS_io_getevents, SYS_connect,   SYS_sendto,          SYS_sendmsg,       SYS_io_uring_enter,
      SYS_read,         SYS_write,     SYS_readv,           SYS_writev};
  return std::ranges::find(calls, long{registers.call_number()}) != calls.end();
}

}  // namespace

/// Which threads may be borrowed.
class FunctionCaller::Suitability {
 public:
  Suitability(stop::Session& session, std::vector<unwind::UnwindTable> tables)
      : target_(session.target()),
        mappings_(target_.mappings()),
        modules_(target_.modules(mappings_)),
        code_(find_runtime_code(target_.module_memory(), modules_)),
        is_complete_(code_.is_complete),
        unwinder_(target_.memory(), std::move(tables)),
        forbidden_(std::move(code_.pieces)),
        restorer_(inject::find_borrowed_code(target_, mappings_).sigreturn),
        check_(target_.memory(), unwinder_, forbidden_) {}

  [[nodiscard]] bool accepts(const stop::StoppedThread& thread) {
    if (!is_complete_ && !waits_outside(thread.registers)) return false;
    if (inject::holds_signal_frame(target_.memory(), mappings_, thread.registers.sp(), restorer_))
      return false;
    const bool is_main = thread.tid.value == target_.pid().value;
    const unwind::ThreadState state{thread.tid, thread.comm, is_main, thread.was_blocked,
                                    thread.registers.raw};
    check_.begin(mappings_);
    if (check_.look(std::span(&state, 1))) return false;
    return !check_.has_undecided() || !check_.decide([] {});
  }
  [[nodiscard]] const std::vector<process::Module>& modules() const { return modules_; }

 private:
  const process::Process& target_;
  std::vector<process::Mapping> mappings_;
  std::vector<process::Module> modules_;
  RuntimeCode code_;
  bool is_complete_;
  unwind::Unwinder unwinder_;
  unwind::ForbiddenCode forbidden_;
  RemoteAddress restorer_;
  unwind::StackCheck check_;
};

FunctionCaller::FunctionCaller(stop::Session& session, std::vector<unwind::UnwindTable> tables,
                               std::chrono::nanoseconds patience)
    : suitability_(std::make_unique<Suitability>(session, std::move(tables))),
      caller_(session, patience,
              [this](const stop::StoppedThread& thread) { return suitability_->accepts(thread); }) {
  // Executable from the start: policies such as MemoryDenyWriteExecute forbid to make it so later.
  mapped_.code = {inject::remote_mmap_anywhere(caller_, page, PROT_READ | PROT_EXEC), page};
  mapped_.stack = {inject::remote_mmap_anywhere(caller_, stack_size, PROT_READ | PROT_WRITE), stack_size};
  inject::remote_mprotect(caller_, {mapped_.stack.begin, page}, PROT_NONE);
  site_ = {mapped_.code.begin + call_site_mark_size,
           {mapped_.stack.begin + static_cast<std::int64_t>(page), stack_size - page}};
  caller_.memory().write(mapped_.code.begin, call_site_mark(mapped_));
  caller_.memory().write(site_.code, inject::homecoming_code());
  caller_.memory().write(site_.code + call_and_clear_at, std::as_bytes(std::span(call_and_clear_code)));

  for (const process::Module& module : suitability_->modules()) {
    const auto location =
        resolve::exported_symbol(session.target().module_memory(), module, "__errno_location");
    if (!location) continue;
    const RemoteAddress error{call(*location, {})};
    errors_.emplace_back(error, caller_.memory().read_value<std::uint32_t>(error));
  }
}

FunctionCaller::~FunctionCaller() {
  if (lost_) return;
  try {
    for (const auto& [at, error] : errors_) caller_.memory().write(at, std::as_bytes(std::span(&error, 1)));
    unmap_call_site(caller_, mapped_);
  } catch (const Error&) {  // the target ended
  }
}

std::uint64_t FunctionCaller::call(RemoteAddress function, const std::array<std::uint64_t, 4>& arguments,
                                   std::chrono::nanoseconds patience) {
  try {
    return caller_.call(site_, function, arguments, patience);
  } catch (const Error& error) {
    lost_ = error.code() == ErrorCode::busy || error.code() == ErrorCode::gone;
    throw;
  }
}

void FunctionCaller::call_and_clear(RemoteAddress function, std::uint64_t argument, RemoteAddress mark) {
  call(site_.code + call_and_clear_at, {argument, mark.value, function.value, 0});
}

}  // namespace stent::call
