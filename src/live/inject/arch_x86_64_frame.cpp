#include "live/inject/arch_x86_64_frame.hpp"

#include <cpuid.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "live/stop/arch_x86_64_restart.hpp"

namespace stent::inject {
namespace {

// uapi/asm/ucontext.h and sigcontext.h
constexpr unsigned long uc_fp_xstate = 1;
constexpr unsigned long uc_sigcontext_ss = 2;
constexpr unsigned long uc_strict_restore_ss = 4;
constexpr std::uint32_t fp_xstate_magic1 = 0x46505853;
constexpr std::uint32_t fp_xstate_magic2 = 0x46505845;
constexpr std::uint64_t software_bytes = 464;  // of the legacy area; ptrace puts the feature mask there
constexpr std::uint64_t in_use_bits = 512;     // XSTATE_BV
constexpr std::uint32_t legacy_and_header = 576;

constexpr std::uint64_t syscall_length = 2;
constexpr int no_such_stack_mode = 0x7fff;  // rt_sigreturn(2) then leaves the alternate stack as it is

constexpr std::size_t return_address_size = 8;
constexpr std::size_t context_size = offsetof(ucontext_t, uc_sigmask) + sizeof(std::uint64_t);

/// Where the XSAVE area (standard format) has one of its components (CPUID leaf 0xd).
struct Component {
  std::uint32_t end = 0;
  bool needs_permission = false;  ///< only a process that asked for it has it (AMX: arch_prctl(2))
};

Component component(unsigned feature) {
  unsigned bytes = 0, offset = 0, attributes = 0, unused = 0;
  if (__get_cpuid_count(0xd, feature, &bytes, &offset, &attributes, &unused) == 0) return {};
  return {offset + bytes, (attributes & 4U) != 0};
}

/// What of ptrace's area belongs into a frame. ptrace gives what the processor has, and the kernel takes a
/// frame larger than the thread's own area for one without vector registers: so no component that needs
/// permission unless it is in use.
struct Area {
  std::uint64_t features = 0;
  std::uint32_t size = legacy_and_header;
};

Area area_in_frame(std::uint64_t present, std::uint64_t in_use) {
  constexpr unsigned first_beyond_legacy = 2, after_last = 63;
  Area area{present, legacy_and_header};
  for (unsigned feature = first_beyond_legacy; feature < after_last; ++feature) {
    const std::uint64_t bit = std::uint64_t{1} << feature;
    if ((present & bit) == 0) continue;
    const Component place = component(feature);
    if (place.needs_permission && (in_use & bit) == 0)
      area.features &= ~bit;
    else
      area.size = std::max(area.size, place.end);
  }
  return area;
}

/// `state` as it lies in a signal frame: trimmed, described and closed by its magic numbers.
Bytes floating_point_part(ByteView state) {
  const auto [features, size] =
      area_in_frame(load<std::uint64_t>(state, software_bytes), load<std::uint64_t>(state, in_use_bits));
  if (size > state.size())
    throw Error(ErrorCode::internal, "the extended state is shorter than its features need");
  Bytes part(state.begin(), state.begin() + size);
  part.resize(size + sizeof fp_xstate_magic2);
  std::fill_n(part.begin() + software_bytes, 48, std::byte{0});
  store(part, software_bytes, fp_xstate_magic1);
  store(part, software_bytes + 4, static_cast<std::uint32_t>(part.size()));
  store(part, software_bytes + 8, features);
  store(part, software_bytes + 16, size);
  store(part, size, fp_xstate_magic2);
  return part;
}

/// What the thread continues with when no kernel is left to restart its call.
user_regs_struct resumable(const stop::Registers& registers, std::optional<long> reissue) {
  user_regs_struct raw = registers.raw;
  if (reissue) {
    raw.rip -= syscall_length;
    raw.rax = static_cast<unsigned long long>(*reissue);
  } else if (stop::will_restart_somehow(registers)) {
    raw.rax = static_cast<unsigned long long>(-EINTR);
  }
  return raw;
}

void set_registers(ucontext_t& context, const user_regs_struct& raw) {
  const auto set = [&](int which, unsigned long long value) {
    context.uc_mcontext.gregs[which] = static_cast<greg_t>(value);
  };
  set(REG_R8, raw.r8);
  set(REG_R9, raw.r9);
  set(REG_R10, raw.r10);
  set(REG_R11, raw.r11);
  set(REG_R12, raw.r12);
  set(REG_R13, raw.r13);
  set(REG_R14, raw.r14);
  set(REG_R15, raw.r15);
  set(REG_RDI, raw.rdi);
  set(REG_RSI, raw.rsi);
  set(REG_RBP, raw.rbp);
  set(REG_RBX, raw.rbx);
  set(REG_RDX, raw.rdx);
  set(REG_RAX, raw.rax);
  set(REG_RCX, raw.rcx);
  set(REG_RSP, raw.rsp);
  set(REG_RIP, raw.rip);
  set(REG_EFL, raw.eflags);
  set(REG_CSGSFS, raw.cs | raw.ss << 48);
}

}  // namespace

std::optional<long> call_to_reissue(const stop::Registers& registers, ByteView code_before) {
  if (!stop::will_restart_somehow(registers)) return std::nullopt;
  const long number = registers.call_number();
  if (number != SYS_restart_syscall) return number;
  // mov $imm32, %eax; syscall
  if (code_before.size() != code_before_size || load<std::uint8_t>(code_before, 0) != 0xb8 ||
      load<std::uint16_t>(code_before, 5) != 0x050f)
    return std::nullopt;
  const auto written = static_cast<long>(load<std::uint32_t>(code_before, 1));
  constexpr std::array sleeps{SYS_nanosleep, SYS_clock_nanosleep, SYS_poll, SYS_futex};
  return std::find(sleeps.begin(), sleeps.end(), written) != sleeps.end() ? std::optional(written)
                                                                          : std::nullopt;
}

ReturnFrame make_return_frame(const stop::Registers& registers, ByteView extended_state,
                              std::uint64_t signal_mask, RemoteAddress restorer,
                              std::optional<long> reissue) {
  const Bytes floating_point = floating_point_part(extended_state);
  const std::uint64_t top = registers.sp().value - stop::red_zone_size;
  const std::uint64_t floating_point_at = (top - floating_point.size()) & ~std::uint64_t{63};
  const std::uint64_t context_at = (floating_point_at - context_size) & ~std::uint64_t{15};
  ReturnFrame frame{{context_at - return_address_size}, Bytes(top - context_at + return_address_size)};

  ucontext_t context{};
  context.uc_flags = uc_fp_xstate | uc_sigcontext_ss | uc_strict_restore_ss;
  context.uc_stack.ss_flags = no_such_stack_mode;
  set_registers(context, resumable(registers, reissue));
  context.uc_mcontext.fpregs =
      reinterpret_cast<fpregset_t>(floating_point_at);  // NOLINT: an address of the target
  std::memcpy(&context.uc_sigmask, &signal_mask, sizeof signal_mask);

  store(frame.bytes, 0, restorer.value);
  std::memcpy(frame.bytes.data() + return_address_size, &context, context_size);
  std::copy(floating_point.begin(), floating_point.end(),
            frame.bytes.begin() + static_cast<std::ptrdiff_t>(floating_point_at - frame.at.value));
  return frame;
}

bool holds_signal_frame(const process::RemoteMemory& memory, const std::vector<process::Mapping>& mappings,
                        RemoteAddress sp, RemoteAddress restorer) {
  const process::Mapping* stack = process::find_mapping(mappings, sp);
  if (stack == nullptr) return true;
  const RemoteAddress begin{(sp.value + 7) & ~std::uint64_t{7}};
  Bytes words(static_cast<std::size_t>(stack->range.end() - begin));
  if (!memory.try_read(begin, words)) return true;
  for (std::size_t at = 0; at + return_address_size + context_size <= words.size(); at += 8) {
    if (load<std::uint64_t>(words, at) != restorer.value) continue;
    ucontext_t context{};
    std::memcpy(&context, words.data() + at + return_address_size, context_size);
    const RemoteAddress interrupted{static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RSP])};
    const bool is_frame = context.uc_flags <= 7 && context.uc_link == nullptr &&
                          interrupted > begin + static_cast<std::int64_t>(at) &&
                          interrupted <= stack->range.end();
    if (is_frame) return true;
  }
  return false;
}

}  // namespace stent::inject
