#include "live/inject/arch_x86_64_call.hpp"

#include <algorithm>
#include <cstring>

namespace stent::inject {
namespace {

constexpr std::array syscall_ret_code{std::byte{0x0f}, std::byte{0x05}, std::byte{0xc3}};
/// mov $15, %rax; syscall
constexpr std::array sigreturn_long{std::byte{0x48}, std::byte{0xc7}, std::byte{0xc0},
                                    std::byte{0x0f}, std::byte{0},    std::byte{0},
                                    std::byte{0},    std::byte{0x0f}, std::byte{0x05}};
/// mov $15, %eax; syscall
constexpr std::array sigreturn_short{std::byte{0xb8}, std::byte{0x0f}, std::byte{0},   std::byte{0},
                                     std::byte{0},    std::byte{0x0f}, std::byte{0x05}};

std::optional<std::uint64_t> find(ByteView code, ByteView wanted) {
  const void* found = ::memmem(code.data(), code.size(), wanted.data(), wanted.size());
  if (found == nullptr) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<const std::byte*>(found) - code.data());
}

bool is_code(const process::Mapping& mapping) {
  return mapping.permissions.execute && mapping.permissions.read && !mapping.permissions.write &&
         mapping.name != "[vsyscall]" && (mapping.inode != 0 || mapping.name == "[vdso]");
}

}  // namespace

stop::Registers at_syscall(const stop::Registers& from, RemoteAddress instruction, RemoteAddress stack,
                           long number, const std::array<std::uint64_t, 6>& arguments) {
  stop::Registers to = from;
  to.raw.rip = instruction.value;
  to.raw.rsp = stack.value;
  to.raw.rax = static_cast<unsigned long long>(number);
  to.raw.orig_rax = ~0ULL;  // not in a system call: nothing to restart on the way there
  to.raw.rdi = arguments[0];
  to.raw.rsi = arguments[1];
  to.raw.rdx = arguments[2];
  to.raw.r10 = arguments[3];
  to.raw.r8 = arguments[4];
  to.raw.r9 = arguments[5];
  return to;
}

bool is_in_call(const BorrowedCode& code, const stop::Registers& registers,
                const process::RemoteMemory& memory) {
  constexpr std::int64_t syscall_length = 2;
  if (registers.pc() != code.syscall_ret && registers.pc() != code.syscall_ret + syscall_length) return false;
  Bytes returns_to(sizeof(std::uint64_t));
  return memory.try_read(registers.sp(), returns_to) &&
         load<std::uint64_t>(returns_to, 0) == code.sigreturn.value;
}

std::optional<std::uint64_t> find_syscall_ret(ByteView code) { return find(code, syscall_ret_code); }

std::optional<std::uint64_t> find_sigreturn(ByteView code) {
  if (const auto offset = find(code, sigreturn_long)) return offset;
  return find(code, sigreturn_short);
}

namespace {

/// Fills what `code` still lacks from one mapping.
void look_into(const process::RemoteMemory& memory, const RemoteRange& range, BorrowedCode& code) {
  constexpr std::uint64_t chunk = 1 << 17;
  constexpr std::uint64_t overlap = sigreturn_long.size() - 1;
  Bytes bytes;
  for (std::uint64_t at = 0; at < range.size; at += chunk - overlap) {
    bytes.resize(std::min(chunk, range.size - at));
    const RemoteAddress from = range.begin + static_cast<std::int64_t>(at);
    if (!memory.try_read(from, bytes)) return;
    if (code.syscall_ret.value == 0)
      if (const auto offset = find_syscall_ret(bytes))
        code.syscall_ret = from + static_cast<std::int64_t>(*offset);
    if (code.sigreturn.value == 0)
      if (const auto offset = find_sigreturn(bytes))
        code.sigreturn = from + static_cast<std::int64_t>(*offset);
    if (bytes.size() < chunk || (code.syscall_ret.value != 0 && code.sigreturn.value != 0)) return;
  }
}

}  // namespace

BorrowedCode find_borrowed_code(const process::Process& target,
                                const std::vector<process::Mapping>& mappings) {
  BorrowedCode code;
  for (const bool c_library : {true, false})  // where both are sure to be, before everything else
    for (const process::Mapping& mapping : mappings) {
      if (!is_code(mapping) || (mapping.name.find("/libc") != std::string::npos) != c_library) continue;
      look_into(target.memory(), mapping.range, code);
      if (code.syscall_ret.value != 0 && code.sigreturn.value != 0) return code;
    }
  throw Error(
      ErrorCode::unsupported,
      "process " + std::to_string(target.pid().value) + " has no code that " +
          (code.syscall_ret.value == 0 ? "makes system calls" : "returns from signal handlers"),
      "stent needs such code of a C library to make memory in the target; this one cannot be patched");
}

}  // namespace stent::inject
