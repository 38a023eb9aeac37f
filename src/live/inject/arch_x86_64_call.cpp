#include "live/inject/arch_x86_64_call.hpp"

#include <algorithm>

namespace stent::inject {
namespace {

constexpr std::array code_wanted{std::byte{0x0f}, std::byte{0x05}, std::byte{0xc3}};  // syscall; ret

}  // namespace

stop::Registers at_syscall(const stop::Registers& from, RemoteAddress instruction, long number,
                           const std::array<std::uint64_t, 6>& arguments) {
  stop::Registers to = from;
  to.raw.rip = instruction.value;
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

std::optional<std::uint64_t> find_syscall_ret(ByteView code) {
  const auto found = std::search(code.begin(), code.end(), code_wanted.begin(), code_wanted.end());
  if (found == code.end()) return std::nullopt;
  return static_cast<std::uint64_t>(found - code.begin());
}

RemoteAddress find_syscall_ret(const process::Process& target) {
  constexpr std::uint64_t chunk = 1 << 18;
  auto mappings = target.mappings();
  std::stable_partition(mappings.begin(), mappings.end(),
                        [](const process::Mapping& mapping) { return mapping.name == "[vdso]"; });
  for (const process::Mapping& mapping : mappings) {
    const bool usable = mapping.permissions.execute && mapping.permissions.read &&
                        !mapping.permissions.write && (mapping.inode != 0 || mapping.name == "[vdso]");
    if (!usable) continue;
    for (std::uint64_t at = 0; at < mapping.range.size; at += chunk - code_wanted.size() + 1) {
      Bytes code(std::min(chunk, mapping.range.size - at));
      const RemoteAddress from = mapping.range.begin + static_cast<std::int64_t>(at);
      if (!target.memory().try_read(from, code)) break;
      if (const auto offset = find_syscall_ret(ByteView(code)))
        return from + static_cast<std::int64_t>(*offset);
      if (code.size() < chunk) break;
    }
  }
  throw Error(ErrorCode::unsupported,
              "process " + std::to_string(target.pid().value) + " has no 'syscall; ret' in its code",
              "stent needs one to make memory in the target; such a target cannot be patched");
}

}  // namespace stent::inject
