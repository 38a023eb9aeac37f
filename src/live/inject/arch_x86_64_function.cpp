#include "live/inject/arch_x86_64_function.hpp"

#include <sys/syscall.h>

namespace stent::inject {
namespace {

constexpr unsigned char homecoming[] = {
    0x48, 0x89, 0x44, 0x24, 0x08,  //    mov %rax,8(%rsp)   the result
    0x48, 0x8b, 0x24, 0x24,        //    mov (%rsp),%rsp
    0xb8, 0x0f, 0x00, 0x00, 0x00,  // 1: mov $15,%eax       rt_sigreturn
    0x0f, 0x05,                    //    syscall
    0xeb, 0xf7,                    //    jmp 1b             when stent skipped it and then died
};
constexpr std::int64_t after_syscall = 16;

constexpr std::uint64_t direction_and_trap_flags = 0x400 | 0x100;

// Intel SDM, "Legacy Region of an XSAVE Area" and "XSAVE Header".
constexpr std::uint64_t control_word_at = 0, tag_word_at = 4, mxcsr_at = 24, xstate_bv_at = 512;
constexpr std::uint16_t default_control_word = 0x37f;
constexpr std::uint32_t default_mxcsr = 0x1f80;
constexpr std::uint64_t x87_and_sse = 3;

}  // namespace

ByteView homecoming_code() { return std::as_bytes(std::span(homecoming)); }

CallFrame make_call_frame(const CallSite& site, RemoteAddress return_frame) {
  // At a function's entry, the stack pointer + 8 is a multiple of 16.
  const RemoteAddress top{(site.stack.end().value - 64) & ~std::uint64_t{15}};
  CallFrame frame{top - 8, Bytes(24), top + 8};
  store(frame.bytes, 0, site.code.value);
  store(frame.bytes, 8, return_frame.value + 8);  // as if the frame's return address had been popped
  return frame;
}

stop::Registers at_function(const stop::Registers& from, const CallFrame& frame, RemoteAddress function,
                            const std::array<std::uint64_t, 4>& arguments) {
  stop::Registers to = from;
  to.raw.rip = function.value;
  to.raw.rsp = frame.at.value;
  to.raw.rbp = 0;
  to.raw.rax = 0;
  to.raw.orig_rax = ~0ULL;  // not in a system call: nothing to restart on the way there
  to.raw.rdi = arguments[0];
  to.raw.rsi = arguments[1];
  to.raw.rdx = arguments[2];
  to.raw.rcx = arguments[3];
  to.raw.eflags &= ~direction_and_trap_flags;
  return to;
}

bool has_come_home(const stop::Registers& registers, const CallSite& site) {
  return registers.pc() == site.code + after_syscall && registers.raw.orig_rax == SYS_rt_sigreturn;
}

stop::Registers skipping_syscall(const stop::Registers& from) {
  stop::Registers to = from;
  to.raw.orig_rax = ~0ULL;
  return to;
}

Bytes with_default_floating_point(Bytes state) {
  store(state, control_word_at, default_control_word);
  store(state, tag_word_at, std::uint16_t{0});
  store(state, mxcsr_at, default_mxcsr);
  store(state, xstate_bv_at, load<std::uint64_t>(state, xstate_bv_at) | x87_and_sse);
  return state;
}

}  // namespace stent::inject
